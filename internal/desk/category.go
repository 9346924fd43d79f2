package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/output"
)

// Category sorts cases and says where they go (§5.1). What is empty is inherited from the parent (§5.2).
type Category struct {
	ID          string    `json:"id"`
	Slug        string    `json:"slug"`
	Name        string    `json:"name"`
	ParentID    string    `json:"parent_id,omitempty"`
	Description string    `json:"description,omitempty"`
	Keywords    []Keyword `json:"intent_keywords,omitempty"`
	Threshold   float64   `json:"confidence_threshold,omitempty"` // 0: DefaultThreshold
	Type        Type      `json:"default_case_type,omitempty"`
	Impact      Level     `json:"default_impact,omitempty"`
	Urgency     Level     `json:"default_urgency,omitempty"`
	PolicyID    string    `json:"sla_policy_id,omitempty"`
	OutputID    string    `json:"output_config_id,omitempty"`
	GroupID     string    `json:"default_group_id,omitempty"`
	AutoAssign  string    `json:"auto_assign,omitempty"` // group, least_loaded
	Fields      Schema    `json:"custom_fields,omitempty"`
	Active      bool      `json:"is_active"`
	Default     bool      `json:"is_default,omitempty"`
	Sort        int       `json:"sort_order,omitempty"`
}

// How a new case of a category finds somebody: by its group alone, or by whoever of the group has the fewest.
const (
	AssignGroup       = "group"
	AssignLeastLoaded = "least_loaded"
)

// Keyword of the classifier. Weight 0 means by length: max(0.3, letters/10).
type Keyword struct {
	Text   string  `json:"keyword"`
	Weight float64 `json:"weight,omitempty"`
}

// Figures of §5.
const (
	DefaultThreshold = 0.65
	MaxCategories    = 100
	MaxKeywords      = 100
	maxDepth         = 3
	maxCategoryName  = 100
	maxDescription   = 1_000
	maxWeight        = 10
	enough           = 0.3 // the least score that decides
	candidates       = 3
)

// ReadKeyword reads "drucker" or "drucker:0.9".
func ReadKeyword(s string) (Keyword, error) {
	text, weight, weighted := strings.Cut(s, ":")
	k := Keyword{Text: strings.TrimSpace(text)}
	if company.Fold(k.Text) == "" {
		return k, fmt.Errorf("keyword %q holds no letters or digits", s)
	}
	if weighted {
		w, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
		if err != nil || w <= 0 || w > maxWeight {
			return k, fmt.Errorf("keyword %q: its weight is a number above 0, at most %d", s, maxWeight)
		}
		k.Weight = w
	}
	return k, nil
}

func (k Keyword) weight(folded string) float64 {
	if k.Weight > 0 {
		return k.Weight
	}
	return max(0.3, float64(len([]rune(strings.ReplaceAll(folded, " ", ""))))/10)
}

// Categories are a company's, whole. It is read with the configuration and never changed in place.
type Categories []Category

// Check says everything that is wrong: slugs twice, unknown parents, cycles, more than three levels, not exactly one
// default, too many, values that nothing else knows.
func (list Categories) Check() []Problem {
	p := &output.Problems{}
	if len(list) > MaxCategories {
		p.Say("categories", "%d of them; at most %d are allowed", len(list), MaxCategories)
	}
	slugs, defaults := map[string]bool{}, 0
	for _, c := range list {
		say := func(field, format string, a ...any) { p.Say("categories."+c.Slug+"."+field, format, a...) }
		if c.Slug == "" || len(c.Slug) > maxCategoryName || c.Slug != strings.ToLower(c.Slug) || strings.TrimSpace(c.Slug) != c.Slug {
			say("slug", "it is one to %d characters in lower case", maxCategoryName)
		}
		if slugs[c.Slug] {
			say("slug", "it stands there twice")
		}
		slugs[c.Slug] = true
		if c.Name == "" || utf8.RuneCountInString(c.Name) > maxCategoryName {
			say("name", "a category has a name of at most %d letters", maxCategoryName)
		}
		if utf8.RuneCountInString(c.Description) > maxDescription {
			say("description", "it has at most %d letters", maxDescription)
		}
		if c.Default {
			defaults++
			if !c.Active {
				say("is_default", "the default is not active")
			}
		}
		c.checkSorting(say)
		c.Fields.check(p, "categories."+c.Slug+".custom_fields")
		if _, ok := list.chain(c.ID); !ok {
			say("parent_id", "its parents are unknown, form a circle or are more than %d levels", maxDepth)
		}
	}
	if len(list) > 0 && defaults != 1 {
		p.Say("categories", "%d are the default; exactly one must be", defaults)
	}
	return p.List
}

// checkSorting judges what sorts cases into a category and what it then presets.
func (c Category) checkSorting(say func(field, format string, a ...any)) {
	if len(c.Keywords) > MaxKeywords {
		say("intent_keywords", "%d keywords; at most %d are allowed", len(c.Keywords), MaxKeywords)
	}
	for _, k := range c.Keywords {
		if company.Fold(k.Text) == "" || k.Weight < 0 || k.Weight > maxWeight {
			say("intent_keywords", "%q: a keyword holds letters or digits and weighs at most %d", k.Text, maxWeight)
		}
	}
	if c.Threshold < 0 || c.Threshold > 1 {
		say("confidence_threshold", "it is 0 to 1, not %g", c.Threshold)
	}
	if _, ok := ReadType(string(c.Type)); !ok && c.Type != "" {
		say("default_case_type", "it is incident, request or inquiry, not %q", c.Type)
	}
	if _, ok := ReadLevel(string(c.Impact)); !ok && c.Impact != "" {
		say("default_impact", "it is critical, high, normal or low, not %q", c.Impact)
	}
	if _, ok := ReadLevel(string(c.Urgency)); !ok && c.Urgency != "" {
		say("default_urgency", "it is critical, high, normal or low, not %q", c.Urgency)
	}
	if c.AutoAssign != "" && c.AutoAssign != AssignGroup && c.AutoAssign != AssignLeastLoaded {
		say("auto_assign", "it is group or least_loaded, not %q", c.AutoAssign)
	}
}

// ByID finds a category.
func (list Categories) ByID(id string) (Category, bool) {
	return list.find(func(c Category) bool { return c.ID == id && id != "" })
}

// BySlug finds an active category by its slug.
func (list Categories) BySlug(slug string) (Category, bool) {
	slug = strings.ToLower(strings.TrimSpace(slug))
	return list.find(func(c Category) bool { return c.Active && c.Slug == slug && slug != "" })
}

// Fallback is the default category.
func (list Categories) Fallback() (Category, bool) {
	return list.find(func(c Category) bool { return c.Default })
}

func (list Categories) find(is func(Category) bool) (Category, bool) {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], true
	}
	return Category{}, false
}

// chain is a category with its parents, nearest first; false where it breaks.
func (list Categories) chain(id string) ([]Category, bool) {
	var out []Category
	for id != "" {
		c, ok := list.ByID(id)
		if !ok || len(out) == maxDepth {
			return out, false
		}
		out, id = append(out, c), c.ParentID
	}
	return out, true
}

// Path is a category's name with its parents': "Netzwerk & Verbindung / VPN".
func (list Categories) Path(id string) string {
	chain, _ := list.chain(id)
	var names []string
	for _, c := range slices.Backward(chain) {
		names = append(names, c.Name)
	}
	return strings.Join(names, " / ")
}

// Ancestry lists the ids from the root down to the category itself.
func (list Categories) Ancestry(id string) []string {
	chain, _ := list.chain(id)
	var ids []string
	for _, c := range slices.Backward(chain) {
		ids = append(ids, c.ID)
	}
	return ids
}

// Inherited is a value of the nearest category in the chain that has one, and which that is.
func (list Categories) Inherited(id string, of func(Category) string) (value, from string) {
	chain, _ := list.chain(id)
	for _, c := range chain {
		if v := of(c); v != "" {
			return v, c.ID
		}
	}
	return "", ""
}

// Candidate is a category that the classifier weighed.
type Candidate struct {
	CategoryID string  `json:"category_id"`
	Score      float64 `json:"score"`
	Share      float64 `json:"share"`
}

// Classify weighs a text against the keywords of all active categories (§5.3). ok is false where nothing is sure enough and
// the default category takes the case; the best three are told either way.
func (list Categories) Classify(text string) (winner Category, best []Candidate, ok bool) {
	words := strings.Fields(company.Fold(text))
	type scored struct {
		Category
		score float64
		depth int
	}
	var all []scored
	sum := 0.0
	for _, c := range list {
		if !c.Active {
			continue
		}
		score := 0.0
		for _, k := range c.Keywords {
			folded := company.Fold(k.Text)
			score += k.weight(folded) * factor(words, strings.Fields(folded))
		}
		if score > 0 {
			chain, _ := list.chain(c.ID)
			all = append(all, scored{c, score, len(chain)})
			sum += score
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.depth, a.depth), cmp.Compare(a.Sort, b.Sort), cmp.Compare(a.ID, b.ID))
	})
	for _, x := range all[:min(len(all), candidates)] {
		best = append(best, Candidate{x.ID, round3(x.score), round3(x.score / sum)})
	}
	if len(all) == 0 {
		return Category{}, nil, false
	}
	first := all[0]
	threshold := first.Threshold
	if threshold == 0 {
		threshold = DefaultThreshold
	}
	return first.Category, best, first.score >= enough && first.score/sum >= threshold
}

// factor is 1 where a keyword stands as a whole word (or words in a row), 0.7 at the start or end of a word, 0.3 inside one;
// parts of words count for keywords over three letters only.
func factor(words, keyword []string) float64 {
	if len(keyword) == 0 {
		return 0
	}
	best := 0.0
	for i := range words {
		if i+len(keyword) <= len(words) && slices.Equal(words[i:i+len(keyword)], keyword) {
			return 1
		}
		if k := keyword[0]; len(keyword) == 1 && len(k) > 3 {
			switch {
			case strings.HasPrefix(words[i], k), strings.HasSuffix(words[i], k):
				best = max(best, 0.7)
			case strings.Contains(words[i], k):
				best = max(best, 0.3)
			}
		}
	}
	return best
}

func round3(x float64) float64 { return float64(int(x*1000+0.5)) / 1000 }
