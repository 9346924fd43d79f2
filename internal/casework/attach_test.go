package casework_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/tenant"
)

// drawer keeps what was uploaded. down makes one of its methods fail; meanwhile happens while one of them reads.
type drawer struct {
	files     map[string]string
	down      string
	meanwhile func()
}

var errDown = errors.New("down")

func (d *drawer) fails(method string) error {
	if d.down == method {
		return errDown
	}
	return nil
}

// UploadOf shows what was asked for.
func (d *drawer) UploadOf(_ context.Context, _ tenant.ID, key, kind string, size int64, ttl time.Duration) (string, map[string]string, error) {
	return fmt.Sprintf("put %s, %d bytes, for %s", key, size, ttl), map[string]string{"Content-Type": kind}, d.fails("UploadOf")
}

// StartOf reads.
func (d *drawer) StartOf(_ context.Context, _ tenant.ID, key string, most int64) ([]byte, error) {
	if d.meanwhile != nil {
		d.meanwhile()
	}
	body, ok := d.files[key]
	if !ok {
		return nil, errors.New("no such object")
	}
	return []byte(body)[:min(int64(len(body)), most)], d.fails("StartOf")
}

// LinkOf shows what was asked for.
func (d *drawer) LinkOf(_ context.Context, _ tenant.ID, key, filename string, ttl time.Duration) (string, error) {
	return fmt.Sprintf("get %s as %s for %s", key, filename, ttl), d.fails("LinkOf")
}

// RemoveOf deletes.
func (d *drawer) RemoveOf(_ context.Context, _ tenant.ID, key string) error {
	if err := d.fails("RemoveOf"); err != nil {
		return err
	}
	delete(d.files, key)
	return nil
}

// sheet is a public note of Anna's with plan.pdf, of eight bytes, and foto.png; and the drawer for them.
type sheet struct {
	*office
	*drawer
	c desk.Case
	n desk.Note
}

const pdf = "%PDF-1.7"

func newSheet(t *testing.T) *sheet {
	t.Helper()
	s := &sheet{office: newOffice(t), drawer: &drawer{files: map[string]string{}}}
	s.keeper.Objects = s.drawer
	s.c = s.reported(t, "call_1", broken)
	var err error
	if s.c, s.n, err = s.keeper.AddNote(t.Context(), us, s.c.ID, anna, casework.Writing{
		Text: "Der Plan hängt an.", Public: true, Files: []desk.File{{Name: "plan.pdf", Bytes: int64(len(pdf))}, {Name: "foto.png", Bytes: 8}},
	}); err != nil {
		t.Fatal(err)
	}
	s.told()
	return s
}

// key of the note's attachment number i.
func (s *sheet) key(i int) string {
	return "attachments/" + us.String() + "/" + s.c.ID + "/" + s.n.ID + "/" + s.n.Attachments[i].ID
}

// hears gives the scanner's word on a key, as it comes from the queue.
func (s *sheet) hears(t *testing.T, key string, reason desk.Rejection) error {
	t.Helper()
	return s.keeper.Scanned(t.Context(), us, casework.Scan{Key: key, Reason: reason})
}

// states are the attachments', with why.
func (s *sheet) states(t *testing.T) (list []string) {
	t.Helper()
	notes, err := s.Notes(t.Context(), us, s.c.ID)
	if err != nil || len(notes) != 1 {
		t.Fatal(notes, err)
	}
	for _, a := range notes[0].Shown(s.clock()) {
		list = append(list, strings.TrimSpace(string(a.State)+" "+string(a.Reason)))
	}
	return list
}

func (s *sheet) fetch(t *testing.T, i int, r desk.Reader) (string, error) {
	t.Helper()
	return s.keeper.Fetch(t.Context(), us, s.c.ID, s.n.ID, s.n.Attachments[i].ID, r)
}

func TestANoteWithABadAttachmentIsNotWritten(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.reported(t, "call_1", broken)
	o.told()
	for want, w := range map[error]casework.Writing{
		desk.ErrAttachments:    {Text: "Siehe Anhang", Files: slices.Repeat([]desk.File{{Name: "plan.pdf", Bytes: 1}}, 6)},
		desk.ErrAttachmentType: {Text: "Siehe Anhang", Files: []desk.File{{Name: "plan.pdf", Bytes: 1}, {Name: "plan.exe", Bytes: 1}}},
		desk.ErrNoteLength:     {Text: "", Files: []desk.File{{Name: "plan.pdf", Bytes: 1}}},
	} {
		if _, n, err := o.keeper.AddNote(t.Context(), us, c.ID, anna, w); !errors.Is(err, want) || n.ID != "" {
			t.Errorf("%+v: %+v, %v", w, n, err)
		}
	}
	if notes, err := o.Notes(t.Context(), us, c.ID); err != nil || len(notes) != 0 {
		t.Errorf("%+v, %v", notes, err)
	}
	wants(t, "told", o.told())
}

func TestAnAuthorUploadsWhatTheirNoteAnnounced(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		by    event.Actor
		after time.Duration
		do    func(*sheet)
		id    string // of another attachment
		want  error
	}{
		{"at once", anna, 0, nil, "", nil},
		{"again, as long as they may change the note", anna, desk.EditWithin, nil, "", nil},
		{"too late", anna, desk.EditWithin + time.Second, nil, "", desk.ErrNotYours},
		{"a colleague", bert, 0, nil, "", desk.ErrNotYours},
		{"to a hidden note", anna, 0, func(s *sheet) {
			if _, err := s.keeper.HideNote(t.Context(), us, s.c.ID, s.n.ID, bert, ""); err != nil {
				t.Error(err)
			}
		}, "", desk.ErrNotYours},
		{"what is there", anna, 0, func(s *sheet) {
			s.files[s.key(0)] = pdf
			if err := s.hears(t, s.key(0), ""); err != nil {
				t.Error(err)
			}
		}, "", casework.ErrUploaded},
		{"what was rejected", anna, 0, func(s *sheet) {
			if err := s.hears(t, s.key(0), desk.Infected); err != nil {
				t.Error(err)
			}
		}, "", casework.ErrUploaded},
		{"what nobody announced", anna, 0, nil, "another", desk.ErrNoAttachment},
	} {
		s := newSheet(t)
		s.after(tt.after)
		if tt.do != nil {
			tt.do(s)
		}
		id := s.n.Attachments[0].ID
		if tt.id != "" {
			id = tt.id
		}
		u, err := s.keeper.Upload(t.Context(), us, s.c.ID, s.n.ID, id, tt.by)
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if want := "put " + s.key(0) + ", 8 bytes, for 15m0s"; err == nil && (u.URL != want || u.Header["Content-Type"] != "application/pdf" || !u.Until.Equal(s.clock().Add(desk.UploadWithin))) {
			t.Errorf("%s: %+v", tt.name, u)
		}
		if _, err := s.keeper.Upload(t.Context(), them, s.c.ID, s.n.ID, id, tt.by); !errors.Is(err, desk.ErrNoAttachment) {
			t.Errorf("%s, of another company: %v", tt.name, err)
		}
	}
}

func TestOnlyWhatIsCleanIsKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		body   string
		says   desk.Rejection
		want   string
		reason string // in the history; empty: no line
	}{
		{"clean", pdf, "", "clean", ""},
		{"infected", pdf, desk.Infected, "rejected infected", "infected"},
		{"with a password", pdf, desk.Unscannable, "rejected unscannable", "unscannable"},
		{"something else", "PK\x03\x04\x14\x00\x00\x00", "", "rejected wrong_type", "wrong_type"},
		{"shorter", pdf[:7], "", "rejected wrong_size", "wrong_size"},
		{"longer", pdf + "x", "", "rejected wrong_size", "wrong_size"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSheet(t)
			s.files[s.key(0)] = tt.body
			for range 2 { // a message comes twice
				if err := s.hears(t, s.key(0), tt.says); err != nil {
					t.Fatal(err)
				}
			}
			wants(t, "states", s.states(t), tt.want, "awaited")
			_, there := s.files[s.key(0)]
			if there != (tt.reason == "") {
				t.Errorf("in the bucket: %v", slices.Collect(maps.Keys(s.files)))
			}
			url, err := s.fetch(t, 0, desk.ForContact)
			if tt.reason == "" && (url != "get "+s.key(0)+" as plan.pdf for 1m0s" || err != nil) || tt.reason != "" && !errors.Is(err, desk.ErrNoAttachment) {
				t.Errorf("fetched: %q, %v", url, err)
			}
			told := s.updates(t, s.c)
			if tt.reason == "" {
				wants(t, "told", told)
				if c := s.the(t, "call_1"); c.Version != s.c.Version {
					t.Error("a clean attachment is no other version of the case")
				}
				return
			}
			if len(told) != 1 || strings.Contains(told[0], "plan") {
				t.Fatalf("told %v", told)
			}
			for _, part := range []string{"attachment_rejected", tt.reason, s.n.Attachments[0].ID} {
				if !strings.Contains(told[0], part) {
					t.Errorf("told %s without %s", told[0], part)
				}
			}
		})
	}
}

func TestTheFirstWordStands(t *testing.T) {
	t.Parallel()
	s := newSheet(t)
	if err := s.hears(t, s.key(0), desk.Infected); err != nil {
		t.Fatal(err)
	}
	s.files[s.key(0)] = pdf // uploaded again with a link that still works, and harmless
	if err := s.hears(t, s.key(0), ""); err != nil {
		t.Fatal(err)
	}
	wants(t, "states", s.states(t), "rejected infected", "awaited")
	if len(s.files) != 0 {
		t.Error("what came again is still there")
	}
	s.files[s.key(1)] = "\x89PNG\r\n\x1a\n"
	for _, says := range []desk.Rejection{"", desk.Unscannable} { // the second is of no object that can lie there
		if err := s.hears(t, s.key(1), says); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, "states", s.states(t), "rejected infected", "clean")
	if len(s.files) != 1 {
		t.Error("what is clean was deleted")
	}
	if err := s.hears(t, s.key(1), desk.Infected); err != nil { // a scanner that has learned more
		t.Fatal(err)
	}
	wants(t, "states", s.states(t), "rejected infected", "rejected infected")
	if len(s.files) != 0 {
		t.Error("it is still there")
	}
}

func TestAnotherDeliveryMayBeFaster(t *testing.T) {
	t.Parallel()
	s := newSheet(t)
	s.files[s.key(0)] = "GIF89a.."
	s.meanwhile = func() {
		s.meanwhile = nil
		s.files[s.key(0)] = pdf
		if err := s.hears(t, s.key(0), ""); err != nil {
			t.Error(err)
		}
		s.files[s.key(0)] = "GIF89a.."
	}
	if err := s.hears(t, s.key(0), ""); err != nil {
		t.Fatal(err)
	}
	wants(t, "states", s.states(t), "clean", "awaited")
	if len(s.files) != 1 {
		t.Error("what the other one found clean was deleted")
	}
	wants(t, "told", s.updates(t, s.c))
}

func TestWhatPeopleDoMeanwhileIsKept(t *testing.T) {
	t.Parallel()
	for body, reason := range map[string]desk.Rejection{pdf: "", "GIF89a..": desk.WrongType} {
		s := newSheet(t)
		s.files[s.key(0)] = body
		edits := 0
		s.meanwhile = func() { // after the note was read
			if edits++; edits > 2 {
				return
			}
			if _, err := s.keeper.EditNote(t.Context(), us, s.c.ID, s.n.ID, anna, fmt.Sprint("Der Plan, Fassung ", edits)); err != nil {
				t.Error(err)
			}
		}
		if err := s.hears(t, s.key(0), ""); err != nil {
			t.Fatal(err)
		}
		notes, err := s.Notes(t.Context(), us, s.c.ID)
		if want := fmt.Sprint("Der Plan, Fassung ", min(edits, 2)); err != nil || notes[0].Text != want || edits == 0 {
			t.Errorf("%+v, %v", notes, err)
		}
		if a := notes[0].Attachments[0]; a.Reason != reason || a.State == desk.AttachmentAwaited {
			t.Errorf("%+v", a)
		}
	}
}

func TestAKillInBetweenLeavesNothingThatCanBeFetched(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, method string
		says         desk.Rejection
		body         string
		between      string // the state after it
		want         string
	}{
		{"before it is deleted", "RemoveOf", desk.Infected, pdf, "rejected infected", "rejected infected"},
		{"before something else is deleted", "RemoveOf", "", "PK\x03\x04\x14\x00\x00\x00", "rejected wrong_type", "rejected wrong_type"},
		{"before it is looked into", "StartOf", "", pdf, "awaited", "clean"},
		{"before it is written down", "Commit", desk.Infected, pdf, "awaited", "rejected infected"},
		{"before it is known to be clean", "Commit", "", pdf, "awaited", "clean"},
		{"before the note is read", "Notes", desk.Infected, pdf, "awaited", "rejected infected"},
	} {
		s := newSheet(t)
		s.files[s.key(0)] = tt.body
		s.down = tt.method
		s.Fault = func(m string) *twin.Fault {
			if m == tt.method {
				return &twin.Fault{Err: errDown}
			}
			return nil
		}
		if err := s.hears(t, s.key(0), tt.says); !errors.Is(err, errDown) {
			t.Errorf("%s: %v", tt.name, err)
		}
		s.down, s.Fault = "", nil
		if got := s.states(t)[0]; got != tt.between {
			t.Errorf("%s: %s", tt.name, got)
		}
		if url, err := s.fetch(t, 0, desk.ForAdmin); url != "" || !errors.Is(err, desk.ErrNoAttachment) {
			t.Errorf("%s: fetched %s, %v", tt.name, url, err)
		}
		if err := s.hears(t, s.key(0), tt.says); err != nil { // the next delivery
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := s.states(t)[0]; got != tt.want || (len(s.files) == 0) != (tt.want != "clean") {
			t.Errorf("%s, again: %s, %v", tt.name, got, s.files)
		}
	}
}

func TestAnObjectWithoutItsNoteIsDeleted(t *testing.T) {
	t.Parallel()
	s := newSheet(t)
	of := func(parts ...string) string {
		return "attachments/" + us.String() + "/" + strings.Join(parts, "/")
	}
	a := s.n.Attachments[0].ID
	for _, key := range []string{of("another", s.n.ID, a), of(s.c.ID, "another", a), of(s.c.ID, s.n.ID, "another")} {
		for _, says := range []desk.Rejection{"", desk.Infected} {
			s.files[key] = pdf
			if err := s.hears(t, key, says); err != nil || len(s.files) != 0 {
				t.Errorf("%s: %v, %v", key, s.files, err)
			}
		}
	}
	for _, key := range []string{of(s.c.ID, s.n.ID, a, "more"), of(s.c.ID), "", "companies/" + us.String() + "/a/b/c", strings.Replace(s.key(0), us.String(), them.String(), 1)} {
		s.files[key] = pdf
		if err := s.hears(t, key, desk.Infected); err == nil || len(s.files) != 1 {
			t.Errorf("%q is no attachment of ours: %v, %v", key, s.files, err)
		}
		delete(s.files, key)
	}
	wants(t, "states", s.states(t), "awaited", "awaited")

	s.files[s.key(0)] = pdf
	s.Fault = func(m string) *twin.Fault { // the purge has taken the case, and comes to the notes
		if m == "Case" {
			return &twin.Fault{Err: casework.ErrUnknown}
		}
		return nil
	}
	if err := s.hears(t, s.key(0), desk.Infected); err != nil || len(s.files) != 0 {
		t.Errorf("of a case that is gone: %v, %v", s.files, err)
	}
}

func TestWhoFetchesAnAttachment(t *testing.T) {
	t.Parallel()
	s := newSheet(t)
	s.files[s.key(0)] = pdf
	if err := s.hears(t, s.key(0), ""); err != nil {
		t.Fatal(err)
	}
	can := func(readers ...desk.Reader) {
		t.Helper()
		for _, r := range []desk.Reader{desk.ForContact, desk.ForStaff, desk.ForAdmin} {
			if _, err := s.fetch(t, 0, r); (err == nil) != slices.Contains(readers, r) || err != nil && !errors.Is(err, desk.ErrNoAttachment) {
				t.Errorf("%d: %v", r, err)
			}
			if _, err := s.fetch(t, 1, r); !errors.Is(err, desk.ErrNoAttachment) {
				t.Errorf("%d, one that is not there yet: %v", r, err)
			}
		}
	}
	can(desk.ForContact, desk.ForStaff, desk.ForAdmin)
	if _, err := s.keeper.HideNote(t.Context(), us, s.c.ID, s.n.ID, bert, "falscher Kunde"); err != nil {
		t.Fatal(err)
	}
	can(desk.ForAdmin)
	if _, err := s.keeper.Fetch(t.Context(), them, s.c.ID, s.n.ID, s.n.Attachments[0].ID, desk.ForAdmin); !errors.Is(err, desk.ErrNoAttachment) {
		t.Errorf("another company: %v", err)
	}
}

func TestTheScannersWordComesLateAndToAHiddenNote(t *testing.T) {
	t.Parallel()
	s := newSheet(t)
	s.files[s.key(0)] = pdf
	if _, err := s.keeper.HideNote(t.Context(), us, s.c.ID, s.n.ID, bert, "falscher Kunde"); err != nil {
		t.Fatal(err)
	}
	s.after(2 * time.Hour)
	wants(t, "states", s.states(t), "missing", "missing")
	if err := s.hears(t, s.key(0), ""); err != nil {
		t.Fatal(err)
	}
	wants(t, "states", s.states(t), "clean", "missing")
}

func TestACustomersAnswerHasAttachments(t *testing.T) {
	t.Parallel()
	s := newSheet(t)
	erika := event.Actor{Kind: "customer", ID: "erika"}
	_, n, follow, err := s.keeper.Reply(t.Context(), us, s.c.ID, erika, "So sieht es aus.", []desk.File{{Name: "foto.jpg", Bytes: 4}})
	if err != nil || follow || len(n.Attachments) != 1 || !n.Public {
		t.Fatalf("%+v, %t, %v", n, follow, err)
	}
	if _, err := s.keeper.Upload(t.Context(), us, s.c.ID, n.ID, n.Attachments[0].ID, anna); !errors.Is(err, desk.ErrNotYours) {
		t.Errorf("somebody else's: %v", err)
	}
	if u, err := s.keeper.Upload(t.Context(), us, s.c.ID, n.ID, n.Attachments[0].ID, erika); err != nil || u.Header["Content-Type"] != "image/jpeg" {
		t.Errorf("%+v, %v", u, err)
	}
	if _, n, _, err := s.keeper.Reply(t.Context(), us, s.c.ID, erika, "So sieht es aus.", []desk.File{{Name: "foto.exe", Bytes: 4}}); !errors.Is(err, desk.ErrAttachmentType) || n.ID != "" {
		t.Errorf("%+v, %v", n, err)
	}
	if _, err := s.keeper.Move(t.Context(), us, s.c.ID, 0, anna, desk.Move{To: desk.Resolved, Note: "Kabel getauscht"}, false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.keeper.Move(t.Context(), us, s.c.ID, 0, anna, desk.Move{To: desk.Closed}, false); err != nil {
		t.Fatal(err)
	}
	s.after(400 * 24 * time.Hour)
	if _, n, follow, err := s.keeper.Reply(t.Context(), us, s.c.ID, erika, "Und wieder.", []desk.File{{Name: "foto.jpg", Bytes: 4}}); err != nil || !follow || n.ID != "" {
		t.Errorf("long after it closed: %+v, %t, %v", n, follow, err)
	}
}
