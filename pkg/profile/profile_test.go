package profile

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		overrides string
		change    func(*Profile)
	}{
		{"", func(*Profile) {}},
		{"padding=same", func(p *Profile) { p.Padding = Same }},
		{"bn_eps=1e-3,crop=0.9", func(p *Profile) { p.BNEps, p.Crop = 1e-3, 0.9 }},
		{"mean=127/255:127/255:127/255,std=128/255:0.5:1/2", func(p *Profile) {
			p.Mean = [3]float64{127.0 / 255, 127.0 / 255, 127.0 / 255}
			p.Std = [3]float64{128.0 / 255, 0.5, 0.5}
		}},
		{" crop = 224/256 , interpolation = lanczos ", func(p *Profile) {
			p.Crop, p.Interpolation = 0.875, Lanczos
		}},
		{"mean=-1:0:2.5", func(p *Profile) { p.Mean = [3]float64{-1, 0, 2.5} }},
		{"interpolation=nearest,resolution=300", func(p *Profile) { p.Interpolation, p.Resolution = Nearest, 300 }},
		{"crop=1", func(p *Profile) { p.Crop = 1 }},
	}
	for _, tt := range tests {
		want := ImageNet(224)
		tt.change(&want)
		got := ImageNet(224)
		if err := Parse(tt.overrides, &got); err != nil {
			t.Errorf("Parse(%q): %v", tt.overrides, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tt.overrides, d)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ overrides, names string }{
		{"padding", `"padding" is not KEY=VALUE`},
		{"padding=valid", `padding=valid: "valid" is none of [same symmetric]`},
		{"Padding=same", `no key "Padding" (value "same")`},
		{"crop=0.9,,", `"" is not KEY=VALUE`},
		{"crop=0.9,crop=0.8", "crop is given twice"},
		{"crop=0", "crop=0: 0 is not greater than 0"},
		{"crop=1.01", "crop=1.01: 1.01 is greater than 1"},
		{"crop=NaN", "crop=NaN: NaN is not a finite number"},
		{"crop=Inf", "crop=Inf"},
		{"crop=", `crop=: "" is not a number`},
		{"crop=1/0", "crop=1/0: division by zero"},
		{"crop=1/", `crop=1/: "" is not a number`},
		{"crop=1/2/3", `"2/3" is not a number`},
		{"bn_eps=0", "bn_eps=0"},
		{"bn_eps=-1e-3", "bn_eps=-1e-3"},
		{"bn_eps=1e400", "bn_eps=1e400"},
		{"mean=0.5", "mean=0.5: want three numbers"},
		{"mean=0.5:0.5:0.5:0.5", "want three numbers"},
		{"mean=0.5:x:0.5", `"x" is not a number`},
		{"mean=0:0:inf", "not a finite number"},
		{"std=1:0:1", "std=1:0:1: 0 is not greater than 0"},
		{"std=1:-1:1", "std=1:-1:1: -1"},
		{"interpolation=cubic", `"cubic" is none of`},
		{"resolution=31", "resolution=31: 31 is not from 32 to 4096"},
		{"resolution=4097", "4097"},
		{"resolution=224.5", `"224.5" is not a whole number`},
		{"resolution=99999999999999999999", "resolution="},
	}
	for _, tt := range tests {
		p := ImageNet(224)
		err := Parse("bn_eps=0.5,"+tt.overrides, &p)
		if strings.HasPrefix(tt.overrides, "bn_eps") {
			err = Parse(tt.overrides, &p)
		}
		if err == nil || !strings.Contains(err.Error(), tt.names) {
			t.Errorf("Parse(%q) error is %v, want one that says %q", tt.overrides, err, tt.names)
		}
		if d := cmp.Diff(ImageNet(224), p); d != "" {
			t.Errorf("Parse(%q) changed the profile in spite of its error:\n%s", tt.overrides, d)
		}
	}
}

func TestValidate(t *testing.T) {
	if err := ImageNet(224).Validate(); err != nil {
		t.Errorf("ImageNet(224): %v", err)
	}
	bad := map[string]func(*Profile){
		"padding":       func(p *Profile) { p.Padding = "" },
		"bn_eps":        func(p *Profile) { p.BNEps = math.NaN() },
		"mean":          func(p *Profile) { p.Mean[2] = math.Inf(-1) },
		"std":           func(p *Profile) { p.Std[1] = 0 },
		"crop":          func(p *Profile) { p.Crop = math.Nextafter(1, 2) },
		"interpolation": func(p *Profile) { p.Interpolation = "area" },
		"resolution":    func(p *Profile) { p.Resolution = 0 },
	}
	for name, spoil := range bad {
		p := ImageNet(224)
		spoil(&p)
		if err := p.Validate(); err == nil || !strings.HasPrefix(err.Error(), "profile: "+name+": ") {
			t.Errorf("Validate with a bad %s: %v", name, err)
		}
	}
}

func TestStringRoundTrip(t *testing.T) {
	want := ImageNet(288)
	want.Padding, want.Std[0], want.Crop = Same, 128.0/255, 1.0/3
	var got Profile
	if err := Parse(want.String(), &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Parse(String()) (-want +got):\n%s", d)
	}
}

func TestUnmarshal(t *testing.T) {
	want := ImageNet(224)
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"padding":"symmetric","bn_eps":0.00001,"mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225],"crop":0.875,"interpolation":"bicubic","resolution":224}`
	if d := cmp.Diff(text, string(data)); d != "" {
		t.Errorf("Marshal (-want +got):\n%s", d)
	}
	got, err := Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Unmarshal (-want +got):\n%s", d)
	}
	refused := map[string]string{
		`"mean":[0.485,0.456,0.406]`: `"mean":null`,
		`[0.485`:                     `[null`,
		`"crop":0.875`:               `"crop":2`,
		`"crop":0.875,`:              ``,
		`"bicubic"`:                  `"bicubic","colour":"srgb"`,
		`[0.485,0.456,0.406]`:        `[0.485,0.456]`,
		`[0.229,0.224,0.225]`:        `[0.229,0.224,0.225,1]`,
		`"resolution":224}`:          `"resolution":224}{}`,
		`"padding":"symmetric",`:     `"padding":null,`,
	}
	for old, replacement := range refused {
		spoilt := strings.Replace(text, old, replacement, 1)
		if p, err := Unmarshal([]byte(spoilt)); err == nil {
			t.Errorf("Unmarshal(%s) = %v, want an error", spoilt, p)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("padding=same,bn_eps=1e-3,mean=127/255:127/255:127/255,std=1:1:1")
	f.Add("crop=0.875,interpolation=bicubic,resolution=224")
	f.Add("crop=1/0,mean=:::,=,")
	f.Fuzz(func(t *testing.T, overrides string) {
		p := ImageNet(224)
		if err := Parse(overrides, &p); err != nil {
			if p != ImageNet(224) {
				t.Fatalf("error %v, yet the profile changed to %v", err, p)
			}
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("Parse(%q) let pass %v", overrides, err)
		}
		again := ImageNet(224)
		if err := Parse(p.String(), &again); err != nil || again != p {
			t.Fatalf("Parse(%q) = %v, %v", p.String(), again, err)
		}
	})
}
