package desk

import (
	"archive/zip"
	"bytes"
	"net/http"
	"path"
	"slices"
	"strings"
)

// fileType is a kind of file that may be attached.
type fileType struct {
	name    string
	endings []string
	also    []string               // how browsers call it beside its name
	holds   func(body []byte) bool // whether it is one
}

// fileTypes is the one list of what may be attached: what help desks are sent every day, and nothing that runs where it is
// opened. So there is no HTML and no SVG (scripts), no Office file with macros (docm, and the old doc, xls, ppt, which do not
// show whether they have some), no RTF (embeds programs), and no program or script under any name: the ending decides the type,
// and the content has to be of that type. Mails as files (eml, msg) are left out, for they carry files that this list would not
// see; an archive may be sent, because the scanner looks into it.
var fileTypes = []fileType{
	{"image/png", []string{".png"}, nil, begins("image/png")},
	{"image/jpeg", []string{".jpg", ".jpeg"}, []string{"image/jpg", "image/pjpeg"}, begins("image/jpeg")},
	{"image/gif", []string{".gif"}, nil, begins("image/gif")},
	{"image/webp", []string{".webp"}, nil, begins("image/webp")},
	{"image/heic", []string{".heic", ".heif"}, []string{"image/heif"}, heic}, // as iPhones take them
	{"application/pdf", []string{".pdf"}, []string{"application/x-pdf"}, begins("application/pdf")},
	{"text/plain", []string{".txt", ".log"}, nil, begins("text/plain")},
	{"text/csv", []string{".csv"}, []string{"text/plain", "application/csv", "application/vnd.ms-excel"}, begins("text/plain")}, // Excel's, on Windows
	{"application/zip", []string{".zip"}, []string{"application/x-zip", "application/x-zip-compressed"}, begins("application/zip")},
	{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", []string{".docx"}, nil, office("word/")},
	{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", []string{".xlsx"}, nil, office("xl/")},
	{"application/vnd.openxmlformats-officedocument.presentationml.presentation", []string{".pptx"}, nil, office("ppt/")},
	{"application/vnd.oasis.opendocument.text", []string{".odt"}, nil, openDocument("application/vnd.oasis.opendocument.text")},
	{"application/vnd.oasis.opendocument.spreadsheet", []string{".ods"}, nil, openDocument("application/vnd.oasis.opendocument.spreadsheet")},
	{"application/vnd.oasis.opendocument.presentation", []string{".odp"}, nil, openDocument("application/vnd.oasis.opendocument.presentation")},
}

// typeOf a name's ending.
func typeOf(ending string) (fileType, bool) {
	ending = strings.ToLower(ending)
	i := slices.IndexFunc(fileTypes, func(t fileType) bool { return slices.Contains(t.endings, ending) })
	if i < 0 {
		return fileType{}, false
	}
	return fileTypes[i], true
}

// called tells whether a browser may call a file of this type so; one that does not know it says nothing, or bytes.
func (t fileType) called(given string) bool {
	given, _, _ = strings.Cut(given, ";")
	given = strings.ToLower(strings.TrimSpace(given))
	return given == "" || given == "application/octet-stream" || given == t.name || slices.Contains(t.also, given)
}

// begins is for what the standard library knows by its first bytes.
func begins(kind string) func([]byte) bool {
	return func(body []byte) bool {
		found, _, _ := strings.Cut(http.DetectContentType(body), ";")
		return found == kind
	}
}

// brands of pictures in HEIF (ISO/IEC 23008-12, annex B), as the first box of a file names them.
var brands = []string{"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"}

func heic(body []byte) bool {
	return len(body) >= 12 && string(body[4:8]) == "ftyp" && slices.Contains(brands, string(body[8:12]))
}

// mostEntries of an archive that is looked through: Office files have some hundred, and each costs memory.
const mostEntries = 10_000

// entries are the names in an archive, in order, as they are compared: in small letters, with slashes.
func entries(body []byte) (names []string, ok bool) {
	if bytes.Count(body, []byte("PK\x01\x02")) > mostEntries {
		return nil, false
	}
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return nil, false
	}
	for _, f := range z.File {
		names = append(names, strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/")))
	}
	return names, true
}

// office knows Microsoft's documents (ECMA-376) by the folder of their kind, and refuses macros: renamed docm and xlsm files
// carry theirs along.
func office(folder string) func([]byte) bool {
	return func(body []byte) bool {
		names, ok := entries(body)
		inFolder := func(name string) bool { return strings.HasPrefix(name, folder) }
		return ok && slices.Contains(names, "[content_types].xml") && slices.ContainsFunc(names, inFolder) && !slices.ContainsFunc(names, macro)
	}
}

func macro(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, "vbaproject") || strings.HasPrefix(base, "vbadata") || strings.Contains(name, "/macrosheets/")
}

// openDocument knows documents (ISO/IEC 26300-3) by their first entry, which lies there uncompressed, and refuses macros.
func openDocument(kind string) func([]byte) bool {
	const head = 30                           // bytes before an entry's name
	whole := []byte("mimetype" + kind + "PK") // and what comes next: a template's kind begins with its document's
	return func(body []byte) bool {
		if !bytes.HasPrefix(body, []byte("PK\x03\x04")) || len(body) < head || !bytes.HasPrefix(body[head:], whole) {
			return false
		}
		names, ok := entries(body)
		return ok && !slices.ContainsFunc(names, func(name string) bool {
			return strings.HasPrefix(name, "basic/") || strings.HasPrefix(name, "scripts/")
		})
	}
}
