package retell

import (
	"bytes"
	"encoding/binary"
	"net/http"
)

// recording serves a call's audio, as the real one's links do: to anybody who has the address. Each call's differs from
// every other's, so that a test sees whose it got.
func (s *Server) recording(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "audio/wav")
	_, _ = w.Write(Audio(r.PathValue("file"))) // a client that has gone needs no answer
}

// Audio is a quarter of a second of a call, 8 kHz and 8 bit: a tone that depends on the file's name.
func Audio(file string) []byte {
	const rate, samples = 8000, 2000
	half := 8
	for _, c := range []byte(file) {
		half = (half*31 + int(c)) % 97
	}
	half = half%24 + 8 // samples of half a wave: 125 to 500 Hz
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // into memory: it cannot fail
	b.WriteString("RIFF")
	put(uint32(36 + samples + 8 + len(file) + len(file)%2))
	b.WriteString("WAVEfmt ")
	put(uint32(16))
	put([]uint16{1, 1})
	put([]uint32{rate, rate})
	put([]uint16{1, 8})
	b.WriteString("note") // which recording it is
	put(uint32(len(file)))
	b.WriteString(file)
	b.Write(make([]byte, len(file)%2))
	b.WriteString("data")
	put(uint32(samples))
	for i := range samples {
		b.WriteByte(byte(96 + 64*(i/half%2)))
	}
	return b.Bytes()
}
