package desk

import (
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/intent"
)

// Words are what a company calls its faults and its services (§3.2): the keywords of its categories, and the names and
// synonyms of what can be booked.
func Words(c *Configuration, config *company.Config) []intent.Word {
	var list []intent.Word
	for _, category := range c.Categories {
		if !category.Active {
			continue
		}
		for _, k := range category.Keywords {
			list = append(list, intent.Word{Text: k.Text, Intent: intent.ServiceDesk, Weight: k.Weight})
		}
	}
	for _, s := range config.Services {
		if !s.Active {
			continue
		}
		list = append(list, intent.Word{Text: s.Name, Intent: intent.Appointment})
		for _, y := range s.Synonyms {
			list = append(list, intent.Word{Text: y.Text, Intent: intent.Appointment})
		}
	}
	return list
}
