package desk

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/askpro/gateway/internal/inert"
)

// Attachment is a file at a note (§4.6). The note says first what will come; then its author uploads it, it is scanned and
// looked into, and only a clean one can be fetched.
type Attachment struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"` // as its author calls it: inert, with an ending that says what it is
	Type    string          `json:"content_type"`
	Bytes   int64           `json:"size"`
	State   AttachmentState `json:"state"`
	Reason  Rejection       `json:"reason,omitempty"` // of a rejected one
	StateAt time.Time       `json:"state_at"`
}

// AttachmentState is what became of an attachment.
type AttachmentState string

// The states. Missing is never stored: an awaited one is missing once nobody can upload it any more (Note.Shown), and what was
// only late becomes clean or rejected all the same.
const (
	AttachmentAwaited  AttachmentState = "awaited"
	AttachmentClean    AttachmentState = "clean"
	AttachmentRejected AttachmentState = "rejected"
	AttachmentMissing  AttachmentState = "missing"
)

// Rejection is why an attachment is not kept.
type Rejection string

// The reasons; empty: it is kept.
const (
	Infected    Rejection = "infected"
	Unscannable Rejection = "unscannable" // an archive with a password, for instance
	WrongType   Rejection = "wrong_type"  // it is something else than its name says
	WrongSize   Rejection = "wrong_size"
)

// File is one that somebody wants to attach. Type is what their browser says, or empty: the name's ending decides.
type File struct {
	Name  string
	Type  string
	Bytes int64
}

// Limits of attachments (§4.6). A link to an upload is valid for UploadWithin, and the author gets one as long as the note can
// be changed; scanning takes minutes at most.
const (
	MaxAttachments = 5
	MaxAttachment  = 10 << 20
	maxFileName    = 150
	UploadWithin   = 15 * time.Minute
	scannedWithin  = 30 * time.Minute
)

// Errors of attachments.
var (
	ErrAttachments    = fmt.Errorf("a note has at most %d attachments", MaxAttachments)
	ErrAttachmentSize = fmt.Errorf("an attachment has 1 byte to %d MiB", MaxAttachment>>20)
	ErrAttachmentName = fmt.Errorf("an attachment has a name of 1 to %d letters and an ending", maxFileName)
	ErrAttachmentType = errors.New("a file of this type cannot be attached: take a picture, PDF, text, CSV, Office document without macros, or ZIP")
)

// Attach gives a new note its attachments, all of them awaited, or refuses them all.
func (n *Note) Attach(files []File, newID func() string) error {
	if len(files) > MaxAttachments {
		return ErrAttachments
	}
	list := make([]Attachment, len(files))
	for i, f := range files {
		a := Attachment{ID: newID(), Bytes: f.Bytes, State: AttachmentAwaited, StateAt: n.At}
		var err error
		if a.Name, a.Type, err = f.check(); err != nil {
			return fmt.Errorf("attachment %d: %w", i+1, err) // not by its name: people's words are not sent around
		}
		list[i] = a
	}
	n.Attachments = list
	return nil
}

// check makes a name harmless, finds the type, and refuses what is not wanted.
func (f File) check() (name, kind string, err error) {
	name = norm.NFC.String(inert.Line(f.Name[strings.LastIndexAny(f.Name, `/\`)+1:])) // some send the whole path
	ending := path.Ext(name)
	if l := utf8.RuneCountInString(name); l > maxFileName || len(ending) < 2 || len(ending) == len(name) {
		return "", "", ErrAttachmentName
	}
	t, ok := typeOf(ending)
	if !ok || !t.called(f.Type) {
		return "", "", ErrAttachmentType
	}
	if f.Bytes < 1 || f.Bytes > MaxAttachment {
		return "", "", ErrAttachmentSize
	}
	return name, t.name, nil
}

// Judge says why an attachment cannot be kept whose scanned content begins with body; body is one byte longer than it may be
// where there is more.
func (a Attachment) Judge(body []byte) Rejection {
	t, ok := typeOf(path.Ext(a.Name))
	switch {
	case int64(len(body)) != a.Bytes:
		return WrongSize
	case !ok || !t.holds(body):
		return WrongType
	}
	return ""
}

// Attachment finds one of a note by its id.
func (n Note) Attachment(id string) (Attachment, bool) {
	i := slices.IndexFunc(n.Attachments, func(a Attachment) bool { return a.ID == id })
	if i < 0 {
		return Attachment{}, false
	}
	return n.Attachments[i], true
}

// Settle writes down what became of an attachment; false when that is known already. What is rejected stays rejected, whatever
// is said later of the same file; a clean one only falls when a scanner that has learned more finds something.
func (n *Note) Settle(id string, reason Rejection, now time.Time) bool {
	i := slices.IndexFunc(n.Attachments, func(a Attachment) bool { return a.ID == id })
	if i < 0 || n.Attachments[i].State == AttachmentRejected || n.Attachments[i].State == AttachmentClean && reason != Infected {
		return false
	}
	n.Attachments = slices.Clone(n.Attachments)
	a := &n.Attachments[i]
	if a.State, a.Reason, a.StateAt = AttachmentClean, reason, now.UTC(); reason != "" {
		a.State = AttachmentRejected
	}
	return true
}

// Shown are a note's attachments as they stand at a time.
func (n Note) Shown(now time.Time) []Attachment {
	list := slices.Clone(n.Attachments)
	last := n.At.Add(EditWithin + UploadWithin + scannedWithin)
	for i := range list {
		if a := &list[i]; a.State == AttachmentAwaited && now.After(last) {
			a.State, a.StateAt = AttachmentMissing, last
		}
	}
	return list
}

// Reader is who looks at a note.
type Reader int

// The readers: the contact of the case, a colleague, and the owner or an admin, who also see what was hidden.
const (
	ForContact Reader = iota
	ForStaff
	ForAdmin
)

// SeenBy tells whether somebody may see a note and what is attached to it.
func (n Note) SeenBy(r Reader) bool {
	switch r {
	case ForAdmin:
		return true
	case ForStaff:
		return n.HiddenAt == nil
	}
	return n.Public && n.HiddenAt == nil
}

// ErrNoAttachment: there is no such attachment, or none that may be fetched.
var ErrNoAttachment = errors.New("there is no such attachment at the note")
