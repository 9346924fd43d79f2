package holiday_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/holiday"
)

// Easter Sundays as published by the Physikalisch-Technische Bundesanstalt.
func TestEaster(t *testing.T) {
	t.Parallel()
	for _, want := range []holiday.Date{
		{2020, 4, 12}, {2021, 4, 4}, {2022, 4, 17}, {2023, 4, 9}, {2024, 3, 31}, {2025, 4, 20}, {2026, 4, 5}, {2027, 3, 28}, {2028, 4, 16}, {2030, 4, 21}, {2038, 4, 25},
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
		{holiday.Date{2023, 3, 8}, holiday.Mecklenburg, "Internationaler Frauentag"},
		{holiday.Date{2022, 3, 8}, holiday.Mecklenburg, ""},
		{holiday.Date{2026, 3, 8}, holiday.Hamburg, ""},
		{holiday.Date{2020, 5, 8}, holiday.Berlin, "Tag der Befreiung"},
		{holiday.Date{2025, 5, 8}, holiday.Berlin, "Tag der Befreiung"},
		{holiday.Date{2025, 5, 8}, holiday.Brandenburg, ""},
		{holiday.Date{2026, 5, 8}, holiday.Berlin, ""},
		{holiday.Date{2028, 6, 17}, holiday.Berlin, "Gedenktag 17. Juni"},
		{holiday.Date{2027, 6, 17}, holiday.Berlin, ""},
		{holiday.Date{2026, 4, 3}, holiday.Bayern, "Karfreitag"},
		{holiday.Date{2026, 4, 5}, holiday.Brandenburg, "Ostersonntag"},
		{holiday.Date{2026, 5, 24}, holiday.Brandenburg, "Pfingstsonntag"},
		{holiday.Date{2026, 4, 5}, holiday.Berlin, ""},
		{holiday.Date{2026, 4, 5}, holiday.Hessen, ""}, // Hesse's law names every Sunday and none by name
		{holiday.Date{2026, 6, 4}, holiday.NordrheinWestf, "Fronleichnam"},
		{holiday.Date{2026, 6, 4}, holiday.Berlin, ""},
		{holiday.Date{2026, 6, 4}, holiday.Sachsen, ""},
		{holiday.Date{2038, 6, 24}, holiday.Hessen, "Fronleichnam"}, // as late as it can be
		{holiday.Date{2008, 3, 21}, holiday.Hessen, "Karfreitag"},
		{holiday.Date{2026, 8, 15}, holiday.Saarland, "Mariä Himmelfahrt"},
		{holiday.Date{2026, 8, 15}, holiday.Bayern, ""},
		{holiday.Date{2026, 11, 18}, holiday.Sachsen, "Buß- und Bettag"},
		{holiday.Date{2028, 11, 22}, holiday.Sachsen, "Buß- und Bettag"},
		{holiday.Date{2026, 11, 18}, holiday.Berlin, ""},
		{holiday.Date{2026, 1, 6}, holiday.Bayern, "Heilige Drei Könige"},
		{holiday.Date{2026, 9, 20}, holiday.Thueringen, "Weltkindertag"},
		{holiday.Date{2018, 9, 20}, holiday.Thueringen, ""},
		{holiday.Date{2016, 10, 31}, holiday.Niedersachsen, ""},
		{holiday.Date{2016, 10, 31}, holiday.Brandenburg, "Reformationstag"},
		{holiday.Date{2017, 10, 31}, holiday.Bayern, "Reformationstag"},
		{holiday.Date{2018, 10, 31}, holiday.Bayern, ""},
		{holiday.Date{2026, 10, 31}, holiday.Niedersachsen, "Reformationstag"},
		{holiday.Date{2024, 3, 29}, holiday.Hessen, "Karfreitag"},
		{holiday.Date{2026, 11, 24}, holiday.Berlin, ""},
		{holiday.Date{2026, 12, 24}, holiday.Berlin, ""},
		{holiday.Date{2026, 12, 31}, holiday.Berlin, ""},
		{holiday.Date{2026, 12, 26}, "", "Zweiter Weihnachtstag"},
		{holiday.Date{2026, 1, 6}, "W ", ""},
	} {
		name, ok := holiday.On(tt.date, tt.land)
		if name != tt.want || ok != (tt.want != "") {
			t.Errorf("%v in %s: %q, wanted %q", tt.date, tt.land, name, tt.want)
		}
	}
}

func TestAMunicipalHolidayCountsForWhoSaysThatTheyAreThere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		date  holiday.Date
		land  holiday.Land
		local []holiday.Local
		want  string
	}{
		{holiday.Date{2026, 6, 4}, holiday.Sachsen, []holiday.Local{holiday.CorpusChristi}, "Fronleichnam"},
		{holiday.Date{2026, 6, 4}, holiday.Thueringen, []holiday.Local{holiday.CorpusChristi}, "Fronleichnam"},
		{holiday.Date{2026, 6, 4}, holiday.Thueringen, nil, ""},
		{holiday.Date{2026, 6, 4}, holiday.Berlin, []holiday.Local{holiday.CorpusChristi}, ""},
		{holiday.Date{2026, 8, 15}, holiday.Bayern, []holiday.Local{holiday.Assumption}, "Mariä Himmelfahrt"},
		{holiday.Date{2026, 8, 8}, holiday.Bayern, []holiday.Local{holiday.Assumption}, ""},
		{holiday.Date{2026, 8, 8}, holiday.Bayern, []holiday.Local{holiday.Assumption, holiday.PeaceFestival}, "Augsburger Friedensfest"},
		{holiday.Date{2026, 8, 8}, holiday.Sachsen, []holiday.Local{holiday.PeaceFestival}, ""},
	} {
		if name, ok := holiday.On(tt.date, tt.land, tt.local...); name != tt.want || ok != (tt.want != "") {
			t.Errorf("%v in %s with %v: %q, wanted %q", tt.date, tt.land, tt.local, name, tt.want)
		}
	}
	for _, tt := range []struct {
		local holiday.Local
		land  holiday.Land
		want  bool
	}{
		{holiday.CorpusChristi, holiday.Sachsen, true}, {holiday.CorpusChristi, holiday.Thueringen, true}, {holiday.CorpusChristi, holiday.Bayern, false},
		{holiday.Assumption, holiday.Bayern, true}, {holiday.Assumption, holiday.Saarland, false}, {holiday.PeaceFestival, holiday.Bayern, true},
		{"", holiday.Bayern, false}, {"karneval", holiday.NordrheinWestf, false},
	} {
		if got := tt.local.ValidIn(tt.land); got != tt.want {
			t.Errorf("%q in %s: %t", tt.local, tt.land, got)
		}
	}
}

func TestAYearOfHolidaysIsInOrder(t *testing.T) {
	t.Parallel()
	want := []holiday.Day{
		{holiday.Date{2026, 1, 1}, "Neujahr"}, {holiday.Date{2026, 1, 6}, "Heilige Drei Könige"}, {holiday.Date{2026, 4, 3}, "Karfreitag"},
		{holiday.Date{2026, 4, 6}, "Ostermontag"}, {holiday.Date{2026, 5, 1}, "Tag der Arbeit"}, {holiday.Date{2026, 5, 14}, "Christi Himmelfahrt"},
		{holiday.Date{2026, 5, 25}, "Pfingstmontag"}, {holiday.Date{2026, 6, 4}, "Fronleichnam"}, {holiday.Date{2026, 8, 8}, "Augsburger Friedensfest"},
		{holiday.Date{2026, 8, 15}, "Mariä Himmelfahrt"}, {holiday.Date{2026, 10, 3}, "Tag der Deutschen Einheit"}, {holiday.Date{2026, 11, 1}, "Allerheiligen"},
		{holiday.Date{2026, 12, 25}, "Erster Weihnachtstag"}, {holiday.Date{2026, 12, 26}, "Zweiter Weihnachtstag"},
	}
	got := holiday.Year(2026, holiday.Bayern, holiday.Assumption, holiday.PeaceFestival) // Augsburg has the most in Germany
	if len(got) != len(want) {
		t.Fatalf("Augsburg has %d holidays in 2026: %v", len(got), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("number %d is %v, wanted %v", i, got[i], want[i])
		}
	}
}

func TestEveryLandHasItsName(t *testing.T) {
	t.Parallel()
	for land, want := range map[holiday.Land]string{
		"BW": "Baden-Württemberg", "BY": "Bayern", "BE": "Berlin", "BB": "Brandenburg", "HB": "Bremen", "HH": "Hamburg", "HE": "Hessen", "MV": "Mecklenburg-Vorpommern",
		"NI": "Niedersachsen", "NW": "Nordrhein-Westfalen", "RP": "Rheinland-Pfalz", "SL": "Saarland", "SN": "Sachsen", "ST": "Sachsen-Anhalt", "SH": "Schleswig-Holstein", "TH": "Thüringen",
		"": "", "XX": "", "by": "", "Bayern": "",
	} {
		if land.Name() != want || land.Valid() != (want != "") {
			t.Errorf("%q is %q (valid: %t), wanted %q", land, land.Name(), land.Valid(), want)
		}
	}
	if len(holiday.Laender) != 16 {
		t.Errorf("Germany has %d Länder", len(holiday.Laender))
	}
}

func TestTheYearsWhoseLawsWereRead(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]bool{1994: false, 1995: true, 2020: true, 2026: true, 2027: true, 2040: false} {
		if holiday.Known(year) != want {
			t.Errorf("%d: known is %t", year, !want)
		}
	}
}

func BenchmarkOn(b *testing.B) {
	day := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for i := range b.N {
		y, m, d := day.AddDate(0, 0, i%365).Date()
		holiday.On(holiday.Date{Year: y, Month: int(m), Day: d}, holiday.Bayern)
	}
}
