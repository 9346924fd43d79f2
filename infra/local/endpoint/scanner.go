package endpoint

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"
)

// What the scanner says of an object (docs.aws.amazon.com/guardduty/latest/ug/monitoring-malware-protection-s3-scans-gdu.html).
const (
	clean       = "NO_THREATS_FOUND"
	infected    = "THREATS_FOUND"
	unsupported = "UNSUPPORTED"
)

// scan plays GuardDuty's Malware Protection for an object that was written: it takes the test file of all scanners for malware,
// cannot look into an archive with a password, and finds everything else clean. It tells its word on the default bus
// (docs.aws.amazon.com/guardduty/latest/ug/monitor-with-eventbridge-s3-malware-protection.html).
func (e *Endpoint) scan(ctx context.Context, c *call, put *answer) error {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	if bucket != e.System.Bucket.Name || !slices.ContainsFunc(e.System.Scanned, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
		return nil
	}
	status, result := "COMPLETED", map[string]any{"scanResultStatus": clean, "threats": nil}
	switch {
	case bytes.Contains(c.body, Eicar()):
		result = map[string]any{"scanResultStatus": infected, "threats": []any{map[string]string{"name": "EICAR-Test-File (not a virus)"}}}
	case locked(c.body):
		status, result["scanResultStatus"] = "SKIPPED", unsupported
	}
	return e.tell(ctx, "aws.guardduty", "GuardDuty Malware Protection Object Scan Result", map[string]any{
		"schemaVersion": "1.0", "scanStatus": status, "resourceType": "S3_OBJECT", "scanResultDetails": result,
		"s3ObjectDetails": map[string]any{
			"bucketName": bucket, "objectKey": key, "eTag": strings.Trim(put.header.Get("Etag"), `"`), "versionId": nil, "s3Throttled": false,
		},
	})
}

// Eicar is what every scanner takes for malware and no machine is harmed by (eicar.org). It is put together here, lest a scanner
// takes this file for it.
func Eicar() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$` + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE" + "!$H+H*")
}

// locked tells whether the first entry of a zip is encrypted (APPNOTE 4.4.4, bit 0).
func locked(body []byte) bool {
	return bytes.HasPrefix(body, []byte("PK\x03\x04")) && len(body) >= 8 && binary.LittleEndian.Uint16(body[6:])&1 == 1
}
