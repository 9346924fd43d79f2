package endpoint

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"slices"
)

// words are what S3 and STS call the errors of the others.
var words = map[string]map[string]string{
	"s3": {
		"AccessDeniedException": "AccessDenied", "InvalidSignatureException": "SignatureDoesNotMatch", "UnrecognizedClientException": "InvalidAccessKeyId",
		"ExpiredTokenException": "ExpiredToken", "MissingAuthenticationTokenException": "AccessDenied", "InternalServerError": "InternalError",
	},
	"sts": {
		"AccessDeniedException": "AccessDenied", "InvalidSignatureException": "SignatureDoesNotMatch", "UnrecognizedClientException": "InvalidClientTokenId",
		"ExpiredTokenException": "ExpiredToken", "MissingAuthenticationTokenException": "MissingAuthenticationToken", "InternalServerError": "InternalFailure",
		"ValidationException": "ValidationError",
	},
}

// refusal is an error in the service's own form.
func refusal(service string, status int, code, message string) *answer {
	if own := words[service][code]; own != "" {
		code = own
	}
	switch service {
	case "s3":
		return xmlAnswer(status, struct {
			XMLName xml.Name `xml:"Error"`
			Code    string
			Message string
		}{Code: code, Message: message})
	case "sts":
		return xmlAnswer(status, struct {
			XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
			Type    string   `xml:"Error>Type"`
			Code    string   `xml:"Error>Code"`
			Message string   `xml:"Error>Message"`
		}{Type: "Sender", Code: code, Message: message})
	}
	return jsonError(status, code, message)
}

// denial is what a service answers to who may not: JSON protocols with 400, the others with 403.
func denial(service, reason string) *answer {
	status := http.StatusBadRequest
	if service == "s3" || service == "sts" || service == "ses" {
		status = http.StatusForbidden
	}
	return refusal(service, status, "AccessDeniedException", reason)
}

func xmlAnswer(status int, v any) *answer {
	body, err := xml.Marshal(v)
	if err != nil {
		return &answer{http.StatusInternalServerError, http.Header{}, []byte(err.Error())}
	}
	return &answer{status, http.Header{"Content-Type": {"text/xml"}}, body}
}

func jsonError(status int, code, message string) *answer {
	body, _ := json.Marshal(map[string]string{"__type": code, "message": message, "Message": message})
	return &answer{status, http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Errortype": {code}}, body}
}

func jsonAnswer(v any) *answer {
	body, err := json.Marshal(v)
	if err != nil {
		return jsonError(http.StatusInternalServerError, "InternalFailure", err.Error())
	}
	return &answer{http.StatusOK, http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, body}
}

// ses takes a letter that SendEmail carries as MIME.
func (e *Endpoint) ses(c *call) *answer {
	bad := func(why string) *answer { return jsonError(http.StatusBadRequest, "BadRequestException", why) }
	if c.operation != "SendEmail" {
		return bad("only SendEmail is known to the local stack")
	}
	var in struct {
		FromEmailAddress string
		Destination      struct{ ToAddresses, CcAddresses, BccAddresses []string }
		Content          struct{ Raw struct{ Data []byte } }
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return bad(err.Error())
	}
	if len(in.Content.Raw.Data) == 0 {
		return bad("only raw letters (Content.Raw) are taken by the local stack")
	}
	to := slices.Concat(in.Destination.ToAddresses, in.Destination.CcAddresses, in.Destination.BccAddresses)
	if len(to) == 0 {
		return bad("the letter has no Destination")
	}
	id, err := e.Mailbox.ReceiveSES(in.FromEmailAddress, to, in.Content.Raw.Data)
	if err != nil {
		return jsonError(http.StatusInternalServerError, "InternalServiceErrorException", err.Error())
	}
	return jsonAnswer(map[string]string{"MessageId": id})
}
