package dispatch_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/output"
)

func TestReadinessSaysWhetherAChannelCouldSendAndHowItWentLately(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(o *output.Output)
		sent   []int // what the webhook answered, in tests
		ago    time.Duration
		want   string
	}{
		{"nothing was sent", func(*output.Output) {}, nil, 0, "[{webhook no_traffic []}]"},
		{"all was taken", func(*output.Output) {}, []int{200, 204}, 0, "[{webhook ready []}]"},
		{"some of it", func(*output.Output) {}, []int{200, 500, 500}, 0, "[{webhook partial [http_500]}]"},
		{"nothing was taken", func(*output.Output) {}, []int{500, 404}, 0, "[{webhook failed [http_500 http_404]}]"},
		{"that was long ago", func(*output.Output) {}, []int{500}, 25 * time.Hour, "[{webhook no_traffic []}]"},
		{"it is switched off", func(o *output.Output) { o.Active = false }, []int{200}, 0, "[{webhook failed [output_inactive]}]"},
		{"one of two channels", func(o *output.Output) { o.Type = output.Hybrid }, []int{200}, 0, "[{email failed [no_recipient]} {webhook ready []}]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := receives(t, nil)
			o := hooks(r.URL)
			tt.change(&o)
			w.save(o)
			for i, code := range tt.sent {
				r.become(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(code) })
				w.now = noon.Add(-tt.ago + time.Duration(i)*time.Minute)
				if _, err := w.Test(t.Context(), us, "out"); err != nil {
					t.Fatal(err)
				}
			}
			w.now = noon.Add(time.Hour)
			got, err := w.Readiness(t.Context(), us, "out")
			if err != nil || fmt.Sprint(got) != tt.want {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}
