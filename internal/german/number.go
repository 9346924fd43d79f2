package german

// SpeakNumber says a whole number in one word below a million, as Germans write it: "zweiundvierzig",
// "zweitausendsechsundzwanzig". Beyond that the millions stand apart. Negative numbers begin with "minus".
func SpeakNumber(n int64) string {
	switch {
	case n < 0:
		return "minus " + SpeakNumber(-n)
	case n == 0:
		return "null"
	case n >= 1_000_000:
		millions, rest := n/1_000_000, n%1_000_000
		text := "eine Million"
		if millions > 1 {
			text = SpeakNumber(millions) + " Millionen"
		}
		if rest > 0 {
			text += " " + SpeakNumber(rest)
		}
		return text
	case n >= 1000:
		thousands, rest := int(n/1000), int(n%1000)
		text := stem(thousands) + "tausend"
		if rest > 0 {
			text += belowThousand(rest)
		}
		return text
	}
	return belowThousand(int(n))
}

func belowThousand(n int) string {
	if n < 100 {
		return numberWord(n)
	}
	text := stem(n/100) + "hundert"
	if n%100 > 0 {
		text += numberWord(n % 100)
	}
	return text
}

// stem is a number before "hundert" and "tausend": eins loses its s.
func stem(n int) string {
	word := belowThousand(n)
	if n%100 == 1 {
		return word[:len(word)-1]
	}
	return word
}
