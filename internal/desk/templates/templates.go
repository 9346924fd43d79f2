// Package templates holds categories that companies of a trade begin with: a file each, read on the operator's machine. Its
// one rule: a template is only a start; what a company writes itself wins over it, field by field. It knows no company, and
// no function carries it.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/askpro/gateway/internal/desk"
)

// Entry is a category as people write it. Keywords are "drucker" or "drucker:0.9".
type Entry struct {
	Slug        string   `yaml:"slug"`
	Name        string   `yaml:"name"`
	Parent      string   `yaml:"parent"` // slug
	Description string   `yaml:"description"`
	Keywords    []string `yaml:"keywords"`
	Threshold   float64  `yaml:"threshold"`
	Type        string   `yaml:"case_type"`
	Impact      string   `yaml:"impact"`
	Urgency     string   `yaml:"urgency"`
	Default     bool     `yaml:"is_default"`
}

//go:embed *.yaml
var files embed.FS

// Names lists the templates.
func Names() []string {
	entries, _ := files.ReadDir(".")
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Named reads a template.
func Named(name string) ([]Entry, error) {
	if !slices.Contains(Names(), name) {
		return nil, fmt.Errorf("there is no category template %q; there are %s", name, strings.Join(Names(), ", "))
	}
	raw, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("read template %s: %w", name, err)
	}
	var list []Entry
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("read template %s: %w", name, err)
	}
	return list, nil
}

// Over lays what a company wrote over an entry of a template: a field that it leaves out stays.
func (e Entry) Over(own Entry) Entry {
	for _, x := range []struct {
		field *string
		own   string
	}{{&e.Name, own.Name}, {&e.Parent, own.Parent}, {&e.Description, own.Description}, {&e.Type, own.Type}, {&e.Impact, own.Impact}, {&e.Urgency, own.Urgency}} {
		if x.own != "" {
			*x.field = x.own
		}
	}
	if own.Keywords != nil {
		e.Keywords = own.Keywords
	}
	if own.Threshold != 0 {
		e.Threshold = own.Threshold
	}
	e.Default = e.Default || own.Default
	return e
}

// Category makes a category of an entry; id makes the id of a slug. Keywords that cannot be read are told.
func (e Entry) Category(id func(slug string) string) (desk.Category, []error) {
	c := desk.Category{
		ID: id(e.Slug), Slug: e.Slug, Name: e.Name, Description: e.Description, Threshold: e.Threshold, Type: desk.Type(e.Type), Impact: desk.Level(e.Impact),
		Urgency: desk.Level(e.Urgency), Active: true, Default: e.Default,
	}
	if e.Parent != "" {
		c.ParentID = id(e.Parent)
	}
	var wrong []error
	for _, s := range e.Keywords {
		k, err := desk.ReadKeyword(s)
		if err != nil {
			wrong = append(wrong, err)
		}
		c.Keywords = append(c.Keywords, k)
	}
	return c, wrong
}
