package endpoint

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"net/http"
)

// refuse answers an error in the service's own form.
func refuse(w http.ResponseWriter, service string, status int, code, message string) {
	switch service {
	case "s3":
		if code == "AccessDeniedException" {
			code = "AccessDenied"
		}
		body, _ := xml.Marshal(struct {
			XMLName struct{} `xml:"Error"`
			Code    string
			Message string
		}{Code: code, Message: message})
		(&answer{status, http.Header{"Content-Type": {"application/xml"}}, body}).write(w)
	case "sts":
		if code == "AccessDeniedException" {
			code = "AccessDenied"
		}
		stsError(status, code, message).write(w)
	default:
		if status == http.StatusForbidden && service != "ses" {
			status = http.StatusBadRequest // JSON protocols refuse with 400
		}
		jsonError(status, code, message).write(w)
	}
}

func jsonError(status int, code, message string) *answer {
	body, _ := json.Marshal(map[string]string{"__type": code, "message": message, "Message": message})
	return &answer{status, http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Errortype": {code}}, body}
}

// ses takes a letter that SendEmail carries as MIME.
func (e *Endpoint) ses(c *call) *answer {
	var in struct {
		FromEmailAddress string
		Destination      struct{ ToAddresses []string }
		Content          struct{ Raw struct{ Data string } }
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return jsonError(http.StatusBadRequest, "BadRequestException", err.Error())
	}
	raw, err := base64.StdEncoding.DecodeString(in.Content.Raw.Data)
	if err != nil || len(raw) == 0 {
		return jsonError(http.StatusBadRequest, "BadRequestException", "only raw letters are taken here")
	}
	id, err := e.Mailbox.ReceiveSES(in.FromEmailAddress, in.Destination.ToAddresses, raw)
	if err != nil {
		return jsonError(http.StatusInternalServerError, "InternalServiceErrorException", err.Error())
	}
	body, _ := json.Marshal(map[string]string{"MessageId": id})
	return &answer{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, body}
}
