package scenarios_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/infra/simulate/retell"
	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/playback"
)

// recorded is the desk of a company whose calls are recorded; its tool is told where a recording lies.
const recorded = `
desk:
  gateway: {gateway_enabled: true, gateway_mode: service_desk, enrichment_enabled: true, audio_in_webhook: true}
  category_template: it
  outputs:
    - {slug: tool, name: Tool, output_type: webhook, is_default: true, audio_ttl_minutes: 90, webhook: {url: "{inbox}/receive/recorded", signing_secret: "ssm:/askpro/local/webhook/edv/secret", preset: generic, include_audio: true}}
`

// recordedCall is one about a printer, with what its caller said to the recording, until nothing is left to do. It returns
// the case and its tool's last webhook.
func recordedCall(t *testing.T, c *stacktest.Company, consent string) (*stacktest.Call, desk.Case, map[string]any) {
	t.Helper()
	x := c.Ring(c.Erika)
	x.Event(t, "call_started", map[string]any{"start_timestamp": c.Clock(t).UnixMilli()})
	r := x.Tool(t, "finalize_ticket", map[string]any{"problem_description": "Der Drucker zieht kein Papier mehr ein.", "customer_name": "Erika Test"})
	if r.Status != "created" {
		t.Fatal(r.Raw)
	}
	end := map[string]any{
		"call_status": "ended", "start_timestamp": c.Clock(t).Add(-time.Minute).UnixMilli(), "end_timestamp": c.Clock(t).UnixMilli(), "disconnection_reason": "user_hangup", "transcript": "User: Der Drucker zieht kein Papier mehr ein.\n",
		"recording_url": c.Retell + "/recordings/" + x.ID + ".wav", "collected_dynamic_variables": map[string]any{"recording_consent": consent},
	}
	x.Event(t, "call_ended", end)
	end["call_analysis"] = map[string]any{"call_summary": "Der Drucker geht nicht.", "custom_analysis_data": map[string]any{}}
	x.Event(t, "call_analyzed", end)
	for range 6 {
		c.Idle(t)
		c.Advance(t, "45s")
	}
	c.Idle(t)
	captured, _, err := c.Store().Captured(t.Context(), c.ID, x.ID)
	if err != nil {
		t.Fatal(err)
	}
	k, ok, err := c.Store().Case(t.Context(), c.ID, captured.CaseID)
	if err != nil || !ok {
		t.Fatalf("case %q: %t, %v", captured.CaseID, ok, err)
	}
	var got struct{ Webhooks []struct{ Body string } }
	c.Do(t, http.MethodGet, c.Inbox("messages?path=/recorded"), nil, nil, &got)
	var last map[string]any
	for _, w := range got.Webhooks {
		if strings.Contains(w.Body, k.Number.String()) {
			last = nil
			if err := json.Unmarshal([]byte(w.Body), &last); err != nil {
				t.Fatal(err)
			}
		}
	}
	if last == nil {
		t.Fatalf("no webhook about %s: %+v", k.Number, got)
	}
	return x, k, last
}

// fetch follows a link as a browser does.
func fetch(t *testing.T, url string) (status int, header http.Header, body []byte) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

// Service desk §7.4: a recording is kept where the caller agreed, and whoever is given its link hears it until it ends.
func TestARecordingIsKeptAndHeardAsLongAsItsLinkPromises(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	s.SetClock(t, "2026-11-24T09:00:00Z", false)
	c := s.NewCompanyWith(t, []string{"recording: true"}, recorded)
	x, k, told := recordedCall(t, c, "ja")
	audio := retell.Audio(x.ID + ".wav")
	if k.Recording.State != desk.RecordingStored || k.Recording.Bytes != int64(len(audio)) {
		t.Fatalf("%+v", k.Recording)
	}
	given, _ := told["audio"].(map[string]any)
	link, _ := given["url"].(string)
	if until, err := time.Parse(time.RFC3339, given["expires_at"].(string)); err != nil || until.Sub(c.Clock(t)) < 80*time.Minute || !strings.HasPrefix(link, s.API+playback.Path) {
		t.Fatalf("%v, %v", given, err)
	}
	status, header, body := fetch(t, link)
	if name := header.Get("Content-Disposition"); status != http.StatusOK || !bytes.Equal(body, audio) || !strings.Contains(name, k.Number.String()+".mp3") {
		t.Errorf("%d, %d bytes of %d as %q", status, len(body), len(audio), name)
	}
	lines, err := c.Store().Activity(t.Context(), c.ID, k.ID)
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, l := range lines {
		if l.Action == desk.PlayedRecording {
			played++
		}
	}
	if played != 1 {
		t.Errorf("%d lines about it at the case", played)
	}
	trail, err := c.Store().AuditTrail(t.Context(), c.ID, 0, 1)
	if err != nil || len(trail) != 1 || trail[0].Action != audit.PlayedRecording || trail[0].Object.ID != k.ID || trail[0].IP == "" || trail[0].RequestID == "" {
		t.Errorf("the company's trail says %+v, %v", trail, err)
	}

	other := s.NewCompanyWith(t, []string{"recording: true"}, recorded)
	foreign, err := playback.Token([]byte("a local key that recordings are linked with"), playback.Link{Company: other.ID, Case: k.ID, Until: c.Clock(t).Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for name, url := range map[string]string{"another company's": playback.URL(s.API, foreign), "a forged one": link[:len(link)-4] + "AAAA"} {
		if status, header, body := fetch(t, url); status != http.StatusNotFound || !strings.Contains(string(body), "keine Aufnahme") || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}

	_, refused, told := recordedCall(t, c, "nein")
	if refused.Recording.State == desk.RecordingStored || refused.Recording.Key != "" || told["audio"] != nil {
		t.Errorf("the caller refused: %+v, %v", refused.Recording, told["audio"])
	}

	s.Advance(t, "90m")
	if status, _, body := fetch(t, link); status != http.StatusNotFound || !strings.Contains(string(body), "abgelaufen") {
		t.Errorf("after its time: %d %s", status, body)
	}
}
