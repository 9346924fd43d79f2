package casework

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Objects are files of cases, each under a whole key of the company's: what people attach to notes, and to be removed the
// recording, too.
type Objects interface {
	// UploadOf lets whoever has the link put one object of exactly this type and size where nothing lies yet, for a while;
	// header is what their request has to say.
	UploadOf(ctx context.Context, t tenant.ID, key, kind string, size int64, ttl time.Duration) (url string, header map[string]string, err error)
	// StartOf reads at most so many bytes of an object.
	StartOf(ctx context.Context, t tenant.ID, key string, most int64) ([]byte, error)
	// LinkOf lets whoever has it fetch an object under a file's name.
	LinkOf(ctx context.Context, t tenant.ID, key, filename string, ttl time.Duration) (string, error)
	// RemoveOf deletes an object; one that is not there is no error.
	RemoveOf(ctx context.Context, t tenant.ID, key string) error
}

// fetchWithin is how long a link to an attachment works: a browser follows it at once.
const fetchWithin = time.Minute

// Errors of attachments.
var (
	ErrUploaded = errors.New("the attachment was uploaded already, and what came first stays")
	errNoKey    = errors.New("the scanner speaks of an object that is no attachment")
)

// attachments is what the keys of a company's begin with. The company stands where the policies of its sessions look for it.
func attachments(t tenant.ID) string { return "attachments/" + t.String() + "/" }

// spot is where an attachment belongs.
type spot struct{ caseID, noteID, id string }

func (s spot) key(t tenant.ID) string { return attachments(t) + s.caseID + "/" + s.noteID + "/" + s.id }

// spotOf reads a key.
func spotOf(t tenant.ID, key string) (spot, bool) {
	rest, ours := strings.CutPrefix(key, attachments(t))
	parts := strings.Split(rest, "/")
	if !ours || len(parts) != 3 {
		return spot{}, false
	}
	return spot{parts[0], parts[1], parts[2]}, true
}

// Upload is a request that puts an attachment where it belongs: PUT to URL, with Header, until Until.
type Upload struct {
	URL    string
	Header map[string]string
	Until  time.Time
}

// Upload lets a note's author upload an attachment that is awaited, for as long as they may change the note; asked again, they
// get another link.
func (k *Keeper) Upload(ctx context.Context, t tenant.ID, id, noteID, attachmentID string, author event.Actor) (Upload, error) {
	at := spot{id, noteID, attachmentID}
	n, a, err := k.seen(ctx, t, at)
	if err != nil {
		return Upload{}, err
	}
	if !n.Editable(author, k.Now()) {
		return Upload{}, desk.ErrNotYours
	}
	if a.State != desk.AttachmentAwaited {
		return Upload{}, ErrUploaded
	}
	u := Upload{Until: k.Now().Add(desk.UploadWithin)}
	u.URL, u.Header, err = k.Objects.UploadOf(ctx, t, at.key(t), a.Type, a.Bytes, desk.UploadWithin)
	return u, err
}

// Fetch links to a clean attachment of a note that somebody may see, for a minute.
func (k *Keeper) Fetch(ctx context.Context, t tenant.ID, id, noteID, attachmentID string, reader desk.Reader) (url string, err error) {
	at := spot{id, noteID, attachmentID}
	n, a, err := k.seen(ctx, t, at)
	if err != nil {
		return "", err
	}
	if !n.SeenBy(reader) || a.State != desk.AttachmentClean {
		return "", desk.ErrNoAttachment
	}
	return k.Objects.LinkOf(ctx, t, at.key(t), a.Name, fetchWithin)
}

// seen is attached for people, to whom a deleted case is none.
func (k *Keeper) seen(ctx context.Context, t tenant.ID, at spot) (desk.Note, desk.Attachment, error) {
	c, ok, err := k.Store.Case(ctx, t, at.caseID)
	if err == nil && (!ok || c.Deletion != nil) {
		err = desk.ErrNoAttachment
	}
	if err != nil {
		return desk.Note{}, desk.Attachment{}, err
	}
	return k.attached(ctx, t, at)
}

// attached reads a note and one of its attachments; ErrNoAttachment when there is none.
func (k *Keeper) attached(ctx context.Context, t tenant.ID, at spot) (desk.Note, desk.Attachment, error) {
	notes, err := k.Store.Notes(ctx, t, at.caseID)
	if err != nil {
		return desk.Note{}, desk.Attachment{}, err
	}
	for _, n := range notes {
		if a, ok := n.Attachment(at.id); ok && n.ID == at.noteID {
			return n, a, nil
		}
	}
	return desk.Note{}, desk.Attachment{}, desk.ErrNoAttachment
}

// Scan is what the scanner says of an object: nothing, or why it cannot be kept.
type Scan struct {
	Key    string
	Reason desk.Rejection
}

// Scanned takes the scanner's word: a clean object of the size and type that were announced can be fetched from now on, and
// every other one is deleted. The word may come twice, late, and after all that people do. It is written down before the object
// is deleted, so that a kill in between leaves nothing that can be fetched, and the next delivery deletes it; so does the word on
// what somebody uploads again with a link that still works. An object whose note is gone goes, too: a purge was faster.
func (k *Keeper) Scanned(ctx context.Context, t tenant.ID, s Scan) error {
	at, ok := spotOf(t, s.Key)
	if !ok {
		return errNoKey
	}
	kept, err := k.judged(ctx, t, at, s.Reason)
	if errors.Is(err, desk.ErrNoAttachment) {
		kept, err = false, nil
	}
	if err != nil || kept {
		return err
	}
	return k.Objects.RemoveOf(ctx, t, s.Key)
}

// judged settles an attachment and tells whether its object is kept. A clean one changes its note alone: whoever has the case
// before them has nothing to look at again. Of a rejected one the case tells.
func (k *Keeper) judged(ctx context.Context, t tenant.ID, at spot, reason desk.Rejection) (kept bool, err error) {
	for try := 0; ; try++ {
		n, a, err := k.attached(ctx, t, at)
		if err != nil {
			return false, err
		}
		if reason == "" && a.State == desk.AttachmentAwaited {
			body, err := k.Objects.StartOf(ctx, t, at.key(t), a.Bytes+1)
			if err != nil {
				return false, err
			}
			reason = a.Judge(body)
		}
		if !n.Settle(a.ID, reason, k.Now()) {
			return a.State == desk.AttachmentClean, nil
		}
		if reason != "" {
			return k.reject(ctx, t, at, reason)
		}
		if err = k.Store.Commit(ctx, t, &ledger.Step{Notes: []*desk.Note{&n}}); !ledger.ConflictOn(err) || try == tries {
			return true, err
		}
	}
}

// reject writes down why an attachment is not kept; its author sees it at the note, and the case's history has a line, which does
// not say its name: people's words are not sent around. It tells whether the object is kept all the same, as another delivery of
// the scanner's word was faster.
func (k *Keeper) reject(ctx context.Context, t tenant.ID, at spot, reason desk.Rejection) (kept bool, err error) {
	_, err = k.change(ctx, t, at.caseID, 0, system, string(reason), func(x *change) error {
		n, a, err := k.attached(ctx, t, at)
		if err != nil {
			return err
		}
		if !n.Settle(at.id, reason, x.now) {
			kept = a.State == desk.AttachmentClean
			return errNothing
		}
		x.step.Notes = append(x.step.Notes, &n)
		x.tell(event.CaseUpdated{
			Head: k.head(t, x), CaseID: at.caseID, Changes: []event.FieldChange{{Field: "attachment_rejected", New: at.id}}, Reason: string(reason), Actor: system,
		})
		return nil
	})
	switch {
	case errors.Is(err, errNothing):
		return kept, nil
	case errors.Is(err, ErrUnknown): // its notes go as well
		return false, desk.ErrNoAttachment
	case err != nil:
		return false, fmt.Errorf("reject an attachment: %w", err)
	}
	return false, nil
}
