package scenarios_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/askpro/gateway/infra/local/endpoint"
	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/guardduty"
	"github.com/askpro/gateway/internal/tenant"
)

// sessions sign as the pages will: in the session of each company.
type sessions struct {
	*stacktest.Stack
	t *testing.T
}

// For is a company's session of the role that writes.
func (s sessions) For(company tenant.ID) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		var c issued
		s.Do(s.t, http.MethodPost, s.Local("session"), nil, map[string]string{"role": "TenantWriteRole", "company": company.String()}, &c)
		return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
	})
}

// noted is a case of a company with a note of Anna's that has five attachments, and what they are to hold: a plan, malware, an
// archive that calls itself a picture, one with a password, and one that never comes.
type noted struct {
	*stacktest.Company
	keeper *casework.Keeper
	bucket *blob.Bucket
	caseID string
	note   desk.Note
	bodies []string
}

func newNoted(t *testing.T, s *stacktest.Stack) *noted {
	t.Helper()
	x := &noted{Company: s.NewCompany(t, itDesk("service_desk")), keeper: casesOf(t, s), bucket: blob.Open(s.Env, s.Bucket, sessions{s, t})}
	x.keeper.Objects = x.bucket
	want(t, x.Ring(x.Erika).Tool(t, "finalize_ticket", printer), "created")
	s.Idle(t)
	x.caseID = only(t, x.Company).ID
	x.bodies = []string{"%PDF-1.7\nein Plan", "Liste: " + string(endpoint.Eicar()), "PK\x03\x04\x14\x00\x00\x00 kein Bild", "PK\x03\x04\x14\x00\x01\x00 geheim", "%PDF-1.7\nnie"}
	w := casework.Writing{Text: "Bitte sehen Sie sich die Anlagen an.", Public: true}
	for i, name := range []string{"Plan Büro.pdf", "liste.txt", "foto.png", "geheim.zip", "nie.pdf"} {
		w.Files = append(w.Files, desk.File{Name: name, Bytes: int64(len(x.bodies[i]))})
	}
	var err error
	if _, x.note, err = x.keeper.AddNote(t.Context(), x.ID, x.caseID, anna, w); err != nil {
		t.Fatal(err)
	}
	return x
}

var anna = event.Actor{Kind: casework.User, ID: "anna"}

// link is one to the upload of attachment number i.
func (x *noted) link(t *testing.T, i int) casework.Upload {
	t.Helper()
	u, err := x.keeper.Upload(t.Context(), x.ID, x.caseID, x.note.ID, x.note.Attachments[i].ID, anna)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (x *noted) key(i int) string {
	return "attachments/" + x.ID.String() + "/" + x.caseID + "/" + x.note.ID + "/" + x.note.Attachments[i].ID
}

// states are what the note's page shows.
func (x *noted) states(t *testing.T) (list []string) {
	t.Helper()
	notes, err := x.Store().Notes(t.Context(), x.ID, x.caseID)
	if err != nil || len(notes) != 1 {
		t.Fatalf("%+v, %v", notes, err)
	}
	for _, a := range notes[0].Shown(x.Clock(t)) {
		list = append(list, strings.TrimSpace(string(a.State)+" "+string(a.Reason)))
	}
	return list
}

// kept are the numbers of the attachments whose objects are there.
func (x *noted) kept(t *testing.T) (list []int) {
	t.Helper()
	for i := range x.note.Attachments {
		_, err := s3Of(x.Stack).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &x.Bucket, Key: aws.String(x.key(i))})
		var api smithy.APIError
		switch {
		case err == nil:
			list = append(list, i)
		case !errors.As(err, &api) || api.ErrorCode() != "NotFound":
			t.Fatal(err)
		}
	}
	return list
}

// s3Of is the bucket as an operator sees it.
func s3Of(s *stacktest.Stack) *s3.Client {
	return s3.New(s3.Options{Region: s.Env.Region, Credentials: s.Env.Credentials, HTTPClient: s.Env.HTTP, BaseEndpoint: s.Env.Endpoint("S3"), UsePathStyle: true})
}

// rejections are the lines of the case's history about what was not kept: which, and why.
func (x *noted) rejections(t *testing.T) (list []string) {
	t.Helper()
	lines, err := x.Store().Activity(t.Context(), x.ID, x.caseID)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if l.Field == "attachment_rejected" {
			list = append(list, l.New+" "+l.Reason)
		}
	}
	slices.Sort(list)
	return list
}

func TestAttachmentsAreScannedBeforeAnybodyCanFetchThem(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	x := newNoted(t, s)
	links := make([]casework.Upload, 4)
	for i := range links {
		links[i] = x.link(t, i)
		if got := s.Do(t, http.MethodPut, links[i].URL, links[i].Header, []byte(x.bodies[i]), nil); got != http.StatusOK {
			t.Fatalf("upload %d answered %d", i, got)
		}
	}
	s.Idle(t)
	settled := []string{"clean", "rejected infected", "rejected wrong_type", "rejected unscannable", "awaited"}
	if got := x.states(t); !slices.Equal(got, settled) {
		t.Fatalf("%q", got)
	}
	if got := x.kept(t); !slices.Equal(got, []int{0}) {
		t.Errorf("the bucket keeps %v", got)
	}

	// The clean one is fetched under its name, the others by nobody.
	for i, a := range x.note.Attachments {
		url, err := x.keeper.Fetch(t.Context(), x.ID, x.caseID, x.note.ID, a.ID, desk.ForContact)
		if i > 0 {
			if !errors.Is(err, desk.ErrNoAttachment) {
				t.Errorf("attachment %d: %s, %v", i, url, err)
			}
			continue
		}
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		as := resp.Header.Get("Content-Disposition")
		if err != nil || string(body) != x.bodies[0] || as != "attachment; filename*=utf-8''Plan%20B%C3%BCro.pdf" {
			t.Errorf("%s: %q as %s, %v", resp.Status, body, as, err)
		}
	}

	// What came first stays; what was rejected and comes again is deleted again.
	if got := s.Do(t, http.MethodPut, links[0].URL, links[0].Header, []byte("%PDF-1.7\nPlan neu"), nil); got != http.StatusPreconditionFailed {
		t.Errorf("over what is there: %d", got)
	}
	if got := s.Do(t, http.MethodPut, links[1].URL, links[1].Header, []byte(x.bodies[1]), nil); got != http.StatusOK {
		t.Errorf("malware again: %d", got)
	}
	s.Idle(t)
	if got := x.kept(t); !slices.Equal(got, []int{0}) {
		t.Errorf("the bucket keeps %v", got)
	}

	// The scanner's word comes again, in another order.
	for i, status := range []string{3: "UNSUPPORTED", 2: "NO_THREATS_FOUND", 1: "THREATS_FOUND", 0: "NO_THREATS_FOUND"} {
		x.scanned(t, i, status)
	}
	s.Idle(t)
	if got := x.states(t); !slices.Equal(got, settled) {
		t.Errorf("told again: %q", got)
	}
	var lines []string
	for i, why := range map[int]string{1: "infected", 2: "wrong_type", 3: "unscannable"} {
		lines = append(lines, x.note.Attachments[i].ID+" "+why)
	}
	slices.Sort(lines)
	if got := x.rejections(t); !slices.Equal(got, lines) {
		t.Errorf("its history: %q", got)
	}
	if n := s.Depth(t, "GatewayDeadQueue"); n != 0 {
		t.Errorf("%d dead messages", n)
	}

	// What never came is missing, and nobody can send it any more.
	s.Advance(t, "61m")
	if got := x.states(t); got[4] != "missing" {
		t.Errorf("an hour later: %q", got)
	}
	if _, err := x.keeper.Upload(t.Context(), x.ID, x.caseID, x.note.ID, x.note.Attachments[4].ID, anna); !errors.Is(err, desk.ErrNotYours) {
		t.Error(err)
	}
	for _, log := range []string{"work-gateway.log", "work-default.log"} {
		text, err := os.ReadFile(filepath.Join(s.Logs, log))
		if err != nil || strings.Contains(string(text), "nie.pdf") || strings.Contains(string(text), "foto.png") {
			t.Errorf("%s names a file, or: %v", log, err)
		}
	}
}

// scanned puts the scanner's word into the queue, as the default bus's rule does.
func (x *noted) scanned(t *testing.T, i int, status string) {
	t.Helper()
	raw, err := json.Marshal(map[string]any{
		"kind": guardduty.Kind, "object_key": x.key(i), "at": x.Clock(t).Format(time.RFC3339),
		"body": map[string]any{"s3ObjectDetails": map[string]string{"objectKey": x.key(i)}, "scanResultDetails": map[string]string{"scanResultStatus": status}},
	})
	if err != nil {
		t.Fatal(err)
	}
	client := sqs.New(sqs.Options{Region: x.Env.Region, Credentials: x.Env.Credentials, HTTPClient: x.Env.HTTP, BaseEndpoint: x.Env.Endpoint("SQS")})
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(x.Queue("GatewayQueue")), MessageBody: aws.String(string(raw)), MessageGroupId: aws.String("scans")}); err != nil {
		t.Fatal(err)
	}
}

func TestAttachmentsBelongToTheirCompany(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	x, other := newNoted(t, s), s.NewCompany(t)
	good := x.link(t, 0)
	if got := s.Do(t, http.MethodPut, good.URL, good.Header, []byte(x.bodies[0]), nil); got != http.StatusOK {
		t.Fatalf("answered %d", got)
	}
	s.Idle(t)
	refused := func(what string, err error) {
		t.Helper()
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "AccessDenied" {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := x.bucket.StartOf(t.Context(), other.ID, x.key(0), 10)
	refused("reading", err)
	refused("deleting", x.bucket.RemoveOf(t.Context(), other.ID, x.key(0)))
	refused("deleting a recording", x.bucket.RemoveOf(t.Context(), other.ID, "companies/"+x.ID.String()+"/recordings/1.mp3"))
	for i, company := range []tenant.ID{other.ID, x.ID} {
		key := fmt.Sprint(x.key(1), i) // where nothing lies yet
		url, header, err := x.bucket.UploadOf(t.Context(), company, key, "application/pdf", 4, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Do(t, http.MethodPut, url, header, []byte("%PDF"), nil); (got == http.StatusOK) != (company == x.ID) || got != http.StatusOK && got != http.StatusForbidden {
			t.Errorf("writing as company %d: %d", i, got)
		}
	}
	url, err := x.bucket.LinkOf(t.Context(), other.ID, x.key(0), "plan.pdf", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("linking: %s", resp.Status)
	}
	if _, err := x.keeper.Fetch(t.Context(), other.ID, x.caseID, x.note.ID, x.note.Attachments[0].ID, desk.ForAdmin); !errors.Is(err, desk.ErrNoAttachment) {
		t.Error(err)
	}
	s.Idle(t)
	if got := x.kept(t); !slices.Equal(got, []int{0}) {
		t.Errorf("the bucket keeps %v", got)
	}
}

// TestAttachmentsAreJudgedThroughFaults breaks the worker's calls to the bucket and to the table: each is done, and nobody hears of
// it, or the process dies with it.
func TestAttachmentsAreJudgedThroughFaults(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	for _, f := range []struct{ service, operation string }{
		{"s3", "GetObject"}, {"s3", "DeleteObject"}, {"dynamodb", "TransactWriteItems"}, {"dynamodb", "Query"},
	} {
		for _, mode := range []string{"lost", "kill"} {
			t.Run(f.operation+" "+mode, func(t *testing.T) {
				x := newNoted(t, s)
				s.Idle(t) // what the note itself sets going
				s.Fault(t, map[string]any{"function": "work-gateway", "company": x.ID.String(), "service": f.service, "operation": f.operation, "mode": mode, "times": 3})
				for i := range 3 {
					u := x.link(t, i)
					if got := s.Do(t, http.MethodPut, u.URL, u.Header, []byte(x.bodies[i]), nil); got != http.StatusOK {
						t.Fatalf("upload %d answered %d", i, got)
					}
				}
				s.Idle(t)
				for range 4 {
					s.Advance(t, "7m")
					s.Idle(t)
				}
				if s.Fired(t) == 0 {
					t.Error("nothing was broken")
				}
				s.NoFaults(t)
				if got := x.states(t)[:3]; !slices.Equal(got, []string{"clean", "rejected infected", "rejected wrong_type"}) {
					t.Errorf("%q", got)
				}
				if got := x.kept(t); !slices.Equal(got, []int{0}) {
					t.Errorf("the bucket keeps %v", got)
				}
				if got := x.rejections(t); len(got) != 2 {
					t.Errorf("its history: %q", got)
				}
			})
		}
	}
}
