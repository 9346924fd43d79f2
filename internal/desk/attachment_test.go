package desk_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/inert"
)

var (
	written = time.Date(2026, 11, 24, 10, 15, 0, 0, time.UTC)
	author  = desk.Actor{Kind: "user", ID: "anna"}
)

// attach gives a note of ten past ten its attachments.
func attach(files ...desk.File) (desk.Note, error) {
	n, next := desk.Note{ID: "n1", Author: author, Text: "siehe Anhang", At: written}, 0
	err := n.Attach(files, func() string { next++; return fmt.Sprint("a", next) })
	return n, err
}

func TestWhatMayBeAttached(t *testing.T) {
	t.Parallel()
	file := func(name string) desk.File { return desk.File{Name: name, Bytes: 1000} }
	typed := func(name, kind string) desk.File { return desk.File{Name: name, Type: kind, Bytes: 1000} }
	sized := func(bytes int64) desk.File { return desk.File{Name: "plan.pdf", Bytes: bytes} }
	for _, tt := range []struct {
		name  string
		files []desk.File
		want  string // of the first one, name and type
		err   error
	}{
		{"nothing", nil, "", nil},
		{"a plan", []desk.File{typed("Plan Büro.pdf", "application/pdf")}, "Plan Büro.pdf application/pdf", nil},
		{"five", slices.Repeat([]desk.File{file("plan.pdf")}, 5), "plan.pdf application/pdf", nil},
		{"six", slices.Repeat([]desk.File{file("plan.pdf")}, 6), "", desk.ErrAttachments},
		{"one byte", []desk.File{sized(1)}, "plan.pdf application/pdf", nil},
		{"10 MiB", []desk.File{sized(10 << 20)}, "plan.pdf application/pdf", nil},
		{"nothing in it", []desk.File{sized(0)}, "", desk.ErrAttachmentSize},
		{"less than nothing", []desk.File{sized(-1)}, "", desk.ErrAttachmentSize},
		{"more than 10 MiB", []desk.File{sized(10<<20 + 1)}, "", desk.ErrAttachmentSize},
		{"one bad among good ones", []desk.File{file("plan.pdf"), sized(0)}, "", desk.ErrAttachmentSize},

		{"an ending in capitals", []desk.File{file("IMG_0001.JPG")}, "IMG_0001.JPG image/jpeg", nil},
		{"a photo whose type the browser does not know", []desk.File{typed("IMG_0002.heic", "application/octet-stream")}, "IMG_0002.heic image/heic", nil},
		{"a table, as Excel's machines call it", []desk.File{typed("liste.csv", "application/vnd.ms-excel")}, "liste.csv text/csv", nil},
		{"text with its letters named", []desk.File{typed("a.txt", "text/plain; charset=utf-8")}, "a.txt text/plain", nil},
		{"a type that the name denies", []desk.File{typed("plan.pdf", "text/html")}, "", desk.ErrAttachmentType},
		{"a page", []desk.File{file("seite.html")}, "", desk.ErrAttachmentType},
		{"a picture with scripts", []desk.File{file("logo.svg")}, "", desk.ErrAttachmentType},
		{"a document with macros", []desk.File{file("brief.docm")}, "", desk.ErrAttachmentType},
		{"one that does not show them", []desk.File{file("brief.doc")}, "", desk.ErrAttachmentType},
		{"a program", []desk.File{typed("plan.pdf.exe", "application/pdf")}, "", desk.ErrAttachmentType},
		{"a script that is text", []desk.File{typed("los.bat", "text/plain")}, "", desk.ErrAttachmentType},
		{"a mail", []desk.File{file("anfrage.eml")}, "", desk.ErrAttachmentType},

		{"a whole path of Windows", []desk.File{file(`C:\Users\anna\plan.pdf`)}, "plan.pdf application/pdf", nil},
		{"a path that climbs", []desk.File{file("../../etc/plan.pdf")}, "plan.pdf application/pdf", nil},
		{"control characters", []desk.File{file("pl\x00an\r\n.pdf")}, "plan .pdf application/pdf", nil},
		{"the other direction of writing", []desk.File{file("rechnung\u202efdp.exe")}, "", desk.ErrAttachmentType},
		{"an umlaut in two parts", []desk.File{file("Bu\u0308ro.pdf")}, "Büro.pdf application/pdf", nil},
		{"no name", []desk.File{file("")}, "", desk.ErrAttachmentName},
		{"a path alone", []desk.File{file("plan.pdf/")}, "", desk.ErrAttachmentName},
		{"an ending alone", []desk.File{file(".pdf")}, "", desk.ErrAttachmentName},
		{"no ending", []desk.File{file("plan")}, "", desk.ErrAttachmentName},
		{"a dot at the end", []desk.File{file("plan.")}, "", desk.ErrAttachmentName},
		{"150 letters", []desk.File{file(strings.Repeat("ü", 146) + ".pdf")}, strings.Repeat("ü", 146) + ".pdf application/pdf", nil},
		{"one more", []desk.File{file(strings.Repeat("ü", 147) + ".pdf")}, "", desk.ErrAttachmentName},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, err := attach(tt.files...)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatal(err)
			}
			if want := len(tt.files); err == nil && len(n.Attachments) != want || err != nil && n.Attachments != nil {
				t.Fatalf("%+v", n.Attachments)
			}
			if len(n.Attachments) == 0 {
				return
			}
			if a := n.Attachments[0]; a.Name+" "+a.Type != tt.want || a.ID != "a1" || a.State != desk.AttachmentAwaited || a.Bytes != tt.files[0].Bytes {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestARefusalDoesNotRepeatAName(t *testing.T) {
	t.Parallel()
	_, err := attach(desk.File{Name: "Krankmeldung Meier.exe", Bytes: 1})
	if err == nil || strings.Contains(err.Error(), "Meier") || !strings.Contains(err.Error(), "attachment 1") {
		t.Error(err)
	}
}

// archive is a zip of such entries, the first of them stored as it is.
func archive(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		name, content, _ := strings.Cut(name, "=")
		w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Store, CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnAttachmentIsWhatItsNameSays(t *testing.T) {
	t.Parallel()
	const odt, ott = "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text-template"
	png, jpeg, gif, webp := "\x89PNG\r\n\x1a\n0000", "\xff\xd8\xff\xe0", "GIF89a", "RIFF\x00\x00\x00\x00WEBPVP8 "
	heic, pdf, text := "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "%PDF-1.7\n", "Größe;Preis\n1;2\n"
	anyZip := string(archive(t, "plan.txt=x"))
	docx := string(archive(t, "[Content_Types].xml=x", "_rels/.rels=x", "word/document.xml=x"))
	xlsx := string(archive(t, "[Content_Types].xml=x", "xl/workbook.xml=x"))
	pptx := string(archive(t, "ppt/presentation.xml=x", "[Content_Types].xml=x"))
	many := string(archive(t, slices.Repeat([]string{"[Content_Types].xml=", "word/document.xml="}, 5001)...))
	for _, tt := range []struct {
		name, body string
		want       bool
	}{
		{"a.png", png, true}, {"a.jpg", jpeg, true}, {"a.jpeg", jpeg, true}, {"a.gif", gif, true}, {"a.webp", webp, true}, {"a.heic", heic, true}, {"a.pdf", pdf, true},
		{"a.txt", text, true}, {"a.csv", text, true}, {"a.csv", "Gr\xf6\xdfe;Preis\n", true}, {"a.log", text, true}, {"a.zip", anyZip, true},
		{"a.docx", docx, true}, {"a.xlsx", xlsx, true}, {"a.pptx", pptx, true},
		{"a.odt", string(archive(t, "mimetype="+odt, "content.xml=x")), true},
		{"a.ods", string(archive(t, "mimetype=application/vnd.oasis.opendocument.spreadsheet", "content.xml=x")), true},
		{"a.odp", string(archive(t, "mimetype=application/vnd.oasis.opendocument.presentation", "content.xml=x")), true},

		{"a.png", anyZip, false}, {"a.png", jpeg, false}, {"a.jpg", "MZ\x90\x00", false}, {"a.heic", "\x00\x00\x00\x18ftypisom", false}, {"a.heic", "ftyp", false},
		{"a.pdf", text, false}, {"a.txt", "<html><script>alert(1)</script>", false}, {"a.txt", "MZ\x90\x00\x03\x00", false}, {"a.csv", "\x7fELF\x02\x01\x01\x00", false},
		{"a.zip", "Rar!\x1a\x07\x00", false},
		{"a.docx", anyZip, false}, {"a.docx", xlsx, false}, {"a.docx", "PK\x03\x04", false}, {"a.docx", pdf, false},
		{"a.docx", string(archive(t, "[Content_Types].xml=x", "word/document.xml=x", "word/vbaProject.bin=x")), false},
		{"a.xlsx", string(archive(t, "[Content_Types].xml=x", "xl/workbook.xml=x", `xl\macrosheets\sheet1.xml=x`)), false},
		{"a.docx", many, false},
		{"a.odt", string(archive(t, "mimetype="+ott, "content.xml=x")), false},
		{"a.odt", string(archive(t, "content.xml=x", "mimetype="+odt)), false},
		{"a.odt", string(archive(t, "mimetype="+odt, "content.xml=x", "Basic/Standard/Module1.xml=x")), false},
		{"a.ods", string(archive(t, "mimetype="+odt, "content.xml=x")), false},
	} {
		n, err := attach(desk.File{Name: tt.name, Bytes: int64(len(tt.body))})
		if err != nil {
			t.Fatal(tt.name, err)
		}
		a := n.Attachments[0]
		want := desk.WrongType
		if tt.want {
			want = ""
		}
		if got := a.Judge([]byte(tt.body)); got != want {
			t.Errorf("%s with %.40q: %q", tt.name, tt.body, got)
		}
		if got := a.Judge([]byte(tt.body + "x")); got != desk.WrongSize {
			t.Errorf("%s with a byte more: %q", tt.name, got)
		}
		if got := a.Judge([]byte(tt.body)[1:]); got != desk.WrongSize {
			t.Errorf("%s with a byte less: %q", tt.name, got)
		}
	}
}

func TestWhatBecameOfAnAttachment(t *testing.T) {
	t.Parallel()
	const kept, infected, unscannable = desk.Rejection(""), desk.Infected, desk.Unscannable
	for _, tt := range []struct {
		name string
		said []desk.Rejection // in this order
		want string
	}{
		{"nothing", nil, "awaited "},
		{"it is clean", []desk.Rejection{kept}, "clean "},
		{"said twice", []desk.Rejection{kept, kept}, "clean "},
		{"it is infected", []desk.Rejection{infected}, "rejected infected"},
		{"what was rejected stays so", []desk.Rejection{infected, kept, unscannable}, "rejected infected"},
		{"for the first reason", []desk.Rejection{unscannable, infected}, "rejected unscannable"},
		{"what is clean stays so", []desk.Rejection{kept, unscannable}, "clean "},
		{"until somebody finds something", []desk.Rejection{kept, infected}, "rejected infected"},
	} {
		n, err := attach(desk.File{Name: "a.pdf", Bytes: 1}, desk.File{Name: "b.pdf", Bytes: 1})
		if err != nil {
			t.Fatal(err)
		}
		before := n
		for i, r := range tt.said {
			was := n.Attachments[1].State
			at := written.Add(time.Duration(i+1) * time.Minute)
			if changed := n.Settle("a2", r, at); changed != (was != n.Attachments[1].State) || changed && !n.Attachments[1].StateAt.Equal(at) {
				t.Errorf("%s: %t, %+v", tt.name, changed, n.Attachments[1])
			}
		}
		a, ok := n.Attachment("a2")
		if got := string(a.State) + " " + string(a.Reason); !ok || got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
		if n.Attachments[0].State != desk.AttachmentAwaited || before.Attachments[1].State != desk.AttachmentAwaited {
			t.Errorf("%s: it changed another one: %+v", tt.name, before.Attachments)
		}
		if n.Settle("a3", "", written) {
			t.Errorf("%s: one that is not there", tt.name)
		}
	}
}

func TestWhatNeverCameIsMissing(t *testing.T) {
	t.Parallel()
	n, err := attach(desk.File{Name: "a.pdf", Bytes: 1}, desk.File{Name: "b.pdf", Bytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	n.Settle("a2", "", written.Add(time.Minute))
	for after, want := range map[time.Duration]desk.AttachmentState{
		0: desk.AttachmentAwaited, desk.EditWithin + desk.UploadWithin: desk.AttachmentAwaited, time.Hour: desk.AttachmentAwaited, time.Hour + time.Second: desk.AttachmentMissing,
	} {
		if got := n.Shown(written.Add(after)); got[0].State != want || got[1].State != desk.AttachmentClean {
			t.Errorf("after %s: %+v", after, got)
		}
	}
	if n.Attachments[0].State != desk.AttachmentAwaited {
		t.Error("looking changes it")
	}
	if !n.Settle("a1", "", written.Add(3*time.Hour)) || n.Shown(written.Add(4 * time.Hour))[0].State != desk.AttachmentClean {
		t.Error("what comes late is no longer missing")
	}
}

func TestWhoSeesANote(t *testing.T) {
	t.Parallel()
	at := written
	for _, tt := range []struct {
		note desk.Note
		want []desk.Reader
	}{
		{desk.Note{}, []desk.Reader{desk.ForStaff, desk.ForAdmin}},
		{desk.Note{Public: true}, []desk.Reader{desk.ForContact, desk.ForStaff, desk.ForAdmin}},
		{desk.Note{Public: true, HiddenAt: &at}, []desk.Reader{desk.ForAdmin}},
		{desk.Note{HiddenAt: &at}, []desk.Reader{desk.ForAdmin}},
	} {
		for _, r := range []desk.Reader{desk.ForContact, desk.ForStaff, desk.ForAdmin} {
			if got := tt.note.SeenBy(r); got != slices.Contains(tt.want, r) {
				t.Errorf("%+v is seen by %d: %t", tt.note, r, got)
			}
		}
	}
}

// FuzzAnAttachmentIsJudged: whatever somebody uploads and however they call it, the name that is kept is harmless, and looking
// into the content ends with a word.
func FuzzAnAttachmentIsJudged(f *testing.F) {
	for _, name := range []string{"a.png", "a.heic", "a.txt", "a.zip", "a.docx", "a.odt", `..\..\a.PDF`, "\u202ea.csv"} {
		f.Add(name, []byte("PK\x03\x04\x14\x00\x00\x00\x00\x00PK\x01\x02PK\x05\x06"))
		f.Add(name, []byte("\x00\x00\x00\x18ftypheic"))
	}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		n, err := attach(desk.File{Name: name, Bytes: int64(len(body))})
		if err != nil {
			return
		}
		a := n.Attachments[0]
		if a.Name != inert.Line(a.Name) || strings.ContainsAny(a.Name, `/\`) || utf8.RuneCountInString(a.Name) > 150 {
			t.Errorf("%q is kept as %q", name, a.Name)
		}
		if r := a.Judge(body); r != "" && r != desk.WrongType {
			t.Errorf("%q: %s", name, r)
		}
	})
}
