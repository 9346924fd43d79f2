package blob

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestALinkToAnUploadSignsAllThatDecidesWhatIsWritten(t *testing.T) {
	t.Parallel()
	link, header, err := holding(t, 0).UploadOf(t.Context(), us, "attachments/"+us.String()+"/k/n/a", "application/pdf", 1234, 15*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Query().Get("X-Amz-SignedHeaders"); got != "content-length;content-type;host;if-none-match" || u.Query().Get("X-Amz-Expires") != "900" {
		t.Errorf("it signs %s for %s seconds", got, u.Query().Get("X-Amz-Expires"))
	}
	if len(header) != 2 || header["Content-Type"] != "application/pdf" || header["If-None-Match"] != "*" {
		t.Errorf("to be sent: %v", header)
	}
	if strings.Contains(strings.ToLower(u.RawQuery), "checksum") {
		t.Errorf("a checksum of nothing is signed: %s", u.RawQuery)
	}
}

func TestTheStartOfAnObjectIsNeverMore(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		size int
		most int64
		want int
	}{{10, 11, 10}, {10, 10, 10}, {10, 4, 4}} {
		got, err := holding(t, tt.size).StartOf(t.Context(), us, "attachments/a", tt.most)
		if err != nil || len(got) != tt.want {
			t.Errorf("%d of %d bytes: %d, %v", tt.most, tt.size, len(got), err)
		}
	}
}
