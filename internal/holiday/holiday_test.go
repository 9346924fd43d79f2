package holiday_test

import (
	"testing"

	"github.com/askpro/gateway/internal/holiday"
)

// Easter Sundays as published by the Physikalisch-Technische Bundesanstalt.
func TestEaster(t *testing.T) {
	t.Parallel()
	for _, want := range []holiday.Date{
		{2020, 4, 12}, {2021, 4, 4}, {2022, 4, 17}, {2023, 4, 9}, {2024, 3, 31}, {2025, 4, 20}, {2026, 4, 5}, {2027, 3, 28}, {2030, 4, 21}, {2038, 4, 25},
	} {
		if got := holiday.Easter(want.Year); got != want {
			t.Errorf("%d: got %v, wanted %v", want.Year, got, want)
		}
	}
}

func TestOn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		date holiday.Date
		land holiday.Land
		want string
	}{
		{holiday.Date{2026, 10, 3}, holiday.Berlin, "Tag der Deutschen Einheit"},
		{holiday.Date{2026, 3, 8}, holiday.Berlin, "Internationaler Frauentag"},
		{holiday.Date{2018, 3, 8}, holiday.Berlin, ""},
		{holiday.Date{2026, 3, 8}, holiday.Hamburg, ""},
		{holiday.Date{2025, 5, 8}, holiday.Berlin, "Tag der Befreiung"},
		{holiday.Date{2026, 5, 8}, holiday.Berlin, ""},
		{holiday.Date{2026, 4, 3}, holiday.Bayern, "Karfreitag"},
		{holiday.Date{2026, 4, 5}, holiday.Brandenburg, "Ostersonntag"},
		{holiday.Date{2026, 4, 5}, holiday.Berlin, ""},
		{holiday.Date{2026, 6, 4}, holiday.NordrheinWestf, "Fronleichnam"},
		{holiday.Date{2026, 6, 4}, holiday.Berlin, ""},
		{holiday.Date{2026, 11, 18}, holiday.Sachsen, "Buß- und Bettag"},
		{holiday.Date{2026, 11, 18}, holiday.Berlin, ""},
		{holiday.Date{2026, 1, 6}, holiday.Bayern, "Heilige Drei Könige"},
		{holiday.Date{2026, 9, 20}, holiday.Thueringen, "Weltkindertag"},
		{holiday.Date{2016, 10, 31}, holiday.Niedersachsen, ""},
		{holiday.Date{2017, 10, 31}, holiday.Bayern, "Reformationstag"},
		{holiday.Date{2026, 10, 31}, holiday.Niedersachsen, "Reformationstag"},
		{holiday.Date{2024, 3, 29}, holiday.Hessen, "Karfreitag"},
		{holiday.Date{2026, 11, 24}, holiday.Berlin, ""},
	} {
		name, ok := holiday.On(tt.date, tt.land)
		if name != tt.want || ok != (tt.want != "") {
			t.Errorf("%v in %s: %q, wanted %q", tt.date, tt.land, name, tt.want)
		}
	}
}
