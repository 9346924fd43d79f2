package inbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// serve runs a handler until the test ends and returns its URL.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// look reads the page.
func look(t *testing.T, url string) (string, http.Header) {
	t.Helper()
	resp, err := http.Get(url + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", resp.StatusCode, err)
	}
	return string(raw), resp.Header
}

func TestThePageShowsAllThatArrived(t *testing.T) {
	t.Parallel()
	b, url := start(t)
	if _, err := b.ReceiveSES("a@askpro.example", []string{"erika.muster@example.de"}, letter(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ReceiveSMS("AskPro", "+4915112345678", "die erste"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ReceiveSMS("AskPro", "+4915112345678", "die zweite"); err != nil {
		t.Fatal(err)
	}
	if _, err := post(t.Context(), url+"/receive/crm", `{"id":7}`, nil); err != nil {
		t.Fatal(err)
	}
	got, header := look(t, url)
	for _, want := range []string{
		"Mails (1)", "SMS (2)", "Webhooks (1)", "Ihr Termin: Färben am Dienstag", "erika.muster@example.de", "Guten Tag, Erika Müßig!",
		"termin.ics · text/calendar", "SUMMARY:Färben", "2026-11-24 10:00:00 CET", "/crm", `&#34;id&#34;: 7`, "Signatur fehlt",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Index(got, "die zweite") > strings.Index(got, "die erste") {
		t.Error("the latest comes first")
	}
	if !strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'") || header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", header)
	}
}

func TestThePageEscapesEverything(t *testing.T) {
	t.Parallel()
	b, url := start(t)
	const evil = `"><script>alert(1)</script>`
	raw := "From: x@example.org\r\nSubject: " + evil + "\r\nX-Evil: " + evil + "\r\nContent-Type: text/html\r\n\r\n" + evil
	if _, err := b.ReceiveSES(evil, []string{evil}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ReceiveSMS(evil, evil, evil); err != nil {
		t.Fatal(err)
	}
	if _, err := post(t.Context(), url+"/receive/%3Cscript%3Ealert(1)", evil, map[string]string{"X-Evil": evil}); err != nil {
		t.Fatal(err)
	}
	got, _ := look(t, url)
	if strings.Contains(got, "<script") {
		t.Error("a script came through")
	}
	if !strings.Contains(got, `<iframe sandbox title=`) {
		t.Error("HTML is shown where it may do nothing")
	}
}

func TestAnEmptyPageSaysHowToFillIt(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	if got, _ := look(t, url); strings.Count(got, "None yet.") != 3 || !strings.Contains(got, "make call") {
		t.Error("the empty page does not say so")
	}
}
