package hindsight_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/hindsight"
	"github.com/askpro/gateway/internal/mode"
	"github.com/askpro/gateway/internal/tenant"
)

var (
	us  = tenant.Proven("CID")
	now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
)

// setting is a hybrid company; change makes another of it.
func setting(change func(c *company.Config, d *desk.Configuration)) hindsight.Setting {
	s := hindsight.Setting{Config: &company.Config{Services: []company.Service{{Name: "Erstberatung", Active: true}}}, Desk: desk.NoConfiguration()}
	s.Desk.Gateway.Enabled, s.Desk.Gateway.Mode = true, desk.Hybrid
	s.Desk.Categories = desk.Categories{{ID: "any", Slug: "allgemein", Active: true, Default: true}}
	if change != nil {
		change(s.Config, s.Desk)
	}
	return s
}

func said(utterance string, daysAgo int, stands mode.Mode, by mode.Source) call.Call {
	at := now.AddDate(0, 0, -daysAgo)
	return call.Call{RetellID: "call_" + utterance[:3], StartedAt: &at, CreatedAt: at, Gateway: &mode.Pin{Mode: stands, From: by, Utterance: utterance}}
}

func TestWhatAChangeMakesOfFirstWords(t *testing.T) {
	t.Parallel()
	keyword := func(_ *company.Config, d *desk.Configuration) {
		d.Categories[0].Keywords = []desk.Keyword{{Text: "Kassensystem", Weight: 1}}
	}
	for _, tt := range []struct {
		name      string
		utterance string
		change    func(c *company.Config, d *desk.Configuration)
		is, would mode.Mode
		why       string
	}{
		{"nothing is changed", "Ich möchte einen Termin vereinbaren", nil, mode.Appointment, mode.Appointment, "Für Termin spricht „möchte einen Termin“"},
		{"a keyword of a category", "Xyzzy Kassensystem", keyword, mode.Undecided, mode.ServiceDesk, "Für Service spricht „Kassensystem“"},
		{"one of a category that is not active", "Xyzzy Kassensystem", func(c *company.Config, d *desk.Configuration) {
			keyword(c, d)
			d.Categories[0].Active = false
		}, mode.Undecided, mode.Undecided, ""},
		{"a synonym of a service", "Xyzzy Plauderstunde", func(c *company.Config, _ *desk.Configuration) {
			c.Services[0].Synonyms = []company.Synonym{{Text: "Plauderstunde"}}
		}, mode.Undecided, mode.Appointment, "Für Termin spricht „Plauderstunde“"},
		{"another name of a service", "Xyzzy Plauderstunde", func(c *company.Config, _ *desk.Configuration) { c.Services[0].Name = "Plauderstunde" }, mode.Undecided, mode.Appointment, "„Plauderstunde“"},
		{"a lower threshold", "Mein Drucker ist kaputt, wann hätten Sie einen Termin frei?", func(_ *company.Config, d *desk.Configuration) { d.Gateway.Confidence = 0.01 },
			mode.Undecided, mode.ServiceDesk, ""},
		{"words are no longer asked", "Ich möchte einen Termin vereinbaren", func(_ *company.Config, d *desk.Configuration) { d.Gateway.Mode = desk.ServiceDesk }, mode.Appointment, mode.ServiceDesk, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, ok := hindsight.New(setting(nil), setting(tt.change)).Try(said(tt.utterance, 1, mode.Appointment, mode.FromFallback), now)
			if !ok || v.Is.Mode != tt.is || v.Would.Mode != tt.would || v.Switches() != (tt.is != tt.would) || !strings.Contains(v.Would.Explanation, tt.why) {
				t.Errorf("%+v, wanted %s → %s", v, tt.is, tt.would)
			}
			if v.Stands != mode.Appointment || v.StandsBy != mode.FromFallback {
				t.Errorf("it stands as %s by %s", v.Stands, v.StandsBy)
			}
		})
	}
}

func TestOnlyWordsOfTheLast90DaysAreTried(t *testing.T) {
	t.Parallel()
	trial := hindsight.New(setting(nil), setting(nil))
	silent, none := said("…………", 1, mode.Appointment, mode.FromCompany), said("………", 1, mode.Appointment, mode.FromCompany)
	silent.Gateway.Utterance, none.Gateway = "", nil
	for name, c := range map[string]call.Call{"too old": said("Ich möchte buchen", 91, mode.Appointment, mode.FromIntent), "nothing was kept": silent, "no gateway": none} {
		if v, ok := trial.Try(c, now); ok {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if _, ok := trial.Try(said("Ich möchte buchen", 90, mode.Appointment, mode.FromIntent), now); !ok {
		t.Error("90 days are not too old")
	}
}

// shelf has calls, newest first, in pages of two.
type shelf struct {
	list []call.Call
	from time.Time
	err  error
}

func (s *shelf) CallPage(_ context.Context, t tenant.ID, from, _ time.Time, after string, _ int) (page []call.Call, next string, err error) {
	var at int
	if s.from = from; after != "" {
		_, err = fmt.Sscan(after, &at)
	}
	if err != nil || s.err != nil || t != us {
		return nil, "", errors.Join(err, s.err)
	}
	if page = s.list[at:min(at+2, len(s.list))]; at+2 < len(s.list) {
		next = fmt.Sprint(at + 2)
	}
	return page, next, nil
}

func TestAllPagesAreTriedAndSummedUp(t *testing.T) {
	t.Parallel()
	s := &shelf{list: []call.Call{
		said("Xyzzy Kassensystem", 1, mode.Appointment, mode.FromFallback),
		said("Ich möchte einen Termin vereinbaren", 2, mode.Appointment, mode.FromIntent),
		said("Bei mir \x1b[31m spinnt\ndas Kassensystem "+strings.Repeat("sehr ", 40), 3, mode.ServiceDesk, mode.FromFunction),
		said("Geht das am Freitag?", 4, mode.Appointment, mode.FromFallback),
		{RetellID: "call_x", CreatedAt: now},
	}}
	would := setting(func(_ *company.Config, d *desk.Configuration) {
		d.Categories[0].Keywords = []desk.Keyword{{Text: "Kassensystem"}}
	})
	var found, progress []string
	sum, err := hindsight.New(setting(nil), would).Run(t.Context(), s, us, now, func(v hindsight.Verdict) error {
		found = append(found, v.Lines())
		return nil
	}, func(sum hindsight.Totals, back time.Time) error {
		progress = append(progress, fmt.Sprint(sum.Calls, " ", back.Format("02.01.")))
		return nil
	})
	if err != nil || !s.from.Equal(now.Add(-hindsight.Longest)) {
		t.Errorf("from %s, %v", s.from, err)
	}
	if got := strings.Join(progress, ", "); got != "2 22.11., 4 20.11., 5 24.11." {
		t.Errorf("progress %s", got)
	}
	all := strings.Join(found, "")
	if !strings.HasPrefix(all, "23.11.2026 10:00  call_Xyz  Rückfrage → Service-Desk (war am Ende Termin, fallback)\n  „Xyzzy Kassensystem“\n  bisher: ") ||
		!strings.Contains(all, "Für Service spricht „Kassensystem“") {
		t.Error(all)
	}
	if strings.Contains(all, "\x1b") || strings.Contains(all, strings.Repeat("sehr ", 20)) || strings.Contains(all, "Freitag") {
		t.Errorf("too much is printed: %s", all)
	}
	if sum.Calls != 5 || sum.Judged != 4 || sum.Switched != len(found) || sum.Switched == 0 {
		t.Errorf("%+v, %d found", sum, len(found))
	}
	lines := sum.Lines()
	if !strings.HasPrefix(lines, "Anrufe: 5, davon mit Worten: 4\nWürden wechseln: ") || !strings.Contains(lines, "  Rückfrage → Service-Desk: ") || !strings.Contains(lines, "Rückfragen: bisher ") {
		t.Error(lines)
	}
}

func TestWhatBreaksOffIsSaid(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	fine := func(hindsight.Totals, time.Time) error { return nil }
	trial := hindsight.New(setting(nil), setting(func(_ *company.Config, d *desk.Configuration) { d.Gateway.Mode = desk.ServiceDesk }))
	calls := &shelf{list: []call.Call{said("Ich möchte buchen", 1, mode.Appointment, mode.FromIntent)}}
	if _, err := trial.Run(t.Context(), calls, us, now, func(hindsight.Verdict) error { return full }, fine); !errors.Is(err, full) {
		t.Error(err)
	}
	calls.err = full
	if _, err := trial.Run(t.Context(), calls, us, now, func(hindsight.Verdict) error { return nil }, fine); !errors.Is(err, full) {
		t.Error(err)
	}
}
