package main

import (
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/desk"
)

func TestLinesAreReadAloud(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 9, 15, 0, 0, time.UTC)
	for _, tt := range []struct{ got, want string }{
		{activityLine(desk.Activity{Action: desk.ChangedPriority, Actor: desk.Actor{Kind: "user", ID: "anna"}, Field: "priority", Old: "normal", New: "high", Reason: "Rückfrage"}), `priority_changed user anna priority: "normal" → "high" ("Rückfrage")`},
		{activityLine(desk.Activity{Action: desk.StartedSLA, Actor: desk.Actor{Kind: "system"}}), `sla_started system`},
		{noteLine(desk.Note{Author: desk.Actor{Kind: "user", ID: "anna"}, Public: true, Text: "Guten Tag"}), `user anna (public): "Guten Tag"`},
		{noteLine(desk.Note{Author: desk.Actor{Kind: "customer"}, Text: "x", HiddenAt: &at}), `customer (internal, hidden): "x"`},
		{attachmentLine(desk.Attachment{ID: "a1", Name: "plan.pdf", Bytes: 8, State: desk.AttachmentClean}), `"plan.pdf", 8 bytes, id a1: clean`},
		{attachmentLine(desk.Attachment{ID: "a2", Name: "a.zip", Bytes: 1, State: desk.AttachmentRejected, Reason: desk.Infected}), `"a.zip", 1 bytes, id a2: rejected infected`},
	} {
		if got := strings.Join(strings.Fields(tt.got), " "); got != tt.want {
			t.Errorf("%s\nwanted %s", got, tt.want)
		}
	}
}

// What a caller or a partner wrote does not move the cursor of who looks at it.
func TestATerminalShowsWhatWasWrittenAndDoesNotObeyIt(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b[2J\r\nok\u202e"
	for _, got := range []string{activityLine(desk.Activity{Field: "subject", Old: hostile, New: hostile, Reason: hostile}), noteLine(desk.Note{Text: hostile})} {
		if strings.ContainsAny(got, "\x1b\r\n\u202e") {
			t.Errorf("%q", got)
		}
	}
}
