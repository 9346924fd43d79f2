package policy

import "github.com/askpro/gateway/internal/company"

// Fields of an appointment that may be spoken to the customer it belongs to.
type Fields struct{ Date, Time, Service, Staff, Price bool }

// FieldNames lists the fields as policies name them.
func FieldNames() []string { return []string{"date", "time", "service", "staff", "price"} }

// Disclosure tells what a branch lets be said of an appointment: all of it unless its policy lists fields, and nothing
// where disclosure is switched off. It is no right to hear anything: whose appointment it is has been settled before.
func Disclosure(c *company.Config, b company.Branch) Fields {
	r := resolve(c, Chain{Branch: b.ID}, AppointmentInfoDisclosure)
	if r.switchedOff() {
		return Fields{}
	}
	if r.fields.value == nil {
		return Fields{Date: true, Time: true, Service: true, Staff: true, Price: true}
	}
	var f Fields
	for _, name := range *r.fields.value {
		switch name {
		case "date":
			f.Date = true
		case "time":
			f.Time = true
		case "service":
			f.Service = true
		case "staff":
			f.Staff = true
		case "price":
			f.Price = true
		}
	}
	return f
}
