package profile

import "fmt"

// key is one field of a Profile: its name in JSON and in overrides, how its
// text is read and written, and what values are allowed.
type key struct {
	name   string
	set    func(p *Profile, text string) error
	format func(p *Profile) string
	check  func(p *Profile) error
}

var keys = []key{
	{"padding",
		func(p *Profile, s string) error { p.Padding = Padding(s); return nil },
		func(p *Profile) string { return string(p.Padding) },
		func(p *Profile) error { return checkWord(p.Padding, Same, Symmetric) }},
	{"bn_eps",
		func(p *Profile, s string) (err error) { p.BNEps, err = parseNumber(s); return err },
		func(p *Profile) string { return formatNumber(p.BNEps) },
		func(p *Profile) error { return checkPositive(p.BNEps) }},
	{"mean",
		func(p *Profile, s string) (err error) { p.Mean, err = parseRGB(s); return err },
		func(p *Profile) string { return formatRGB(p.Mean) },
		func(p *Profile) error { return checkRGB(p.Mean, checkFinite) }},
	{"std",
		func(p *Profile, s string) (err error) { p.Std, err = parseRGB(s); return err },
		func(p *Profile) string { return formatRGB(p.Std) },
		func(p *Profile) error { return checkRGB(p.Std, checkPositive) }},
	{"crop",
		func(p *Profile, s string) (err error) { p.Crop, err = parseNumber(s); return err },
		func(p *Profile) string { return formatNumber(p.Crop) },
		checkCrop},
	{"interpolation",
		func(p *Profile, s string) error { p.Interpolation = Interpolation(s); return nil },
		func(p *Profile) string { return string(p.Interpolation) },
		func(p *Profile) error {
			return checkWord(p.Interpolation, Bicubic, Bilinear, Lanczos, Nearest, BicubicTF2, BicubicTF1)
		}},
	{"resolution",
		func(p *Profile, s string) (err error) { p.Resolution, err = parseInt(s); return err },
		func(p *Profile) string { return fmt.Sprint(p.Resolution) },
		checkResolution},
}

func checkPositive(v float64) error {
	if err := checkFinite(v); err != nil {
		return err
	}
	if v <= 0 {
		return fmt.Errorf("%v is not greater than 0", v)
	}
	return nil
}

func checkRGB(v [3]float64, check func(float64) error) error {
	for _, c := range v {
		if err := check(c); err != nil {
			return err
		}
	}
	return nil
}

func checkCrop(p *Profile) error {
	if err := checkPositive(p.Crop); err != nil {
		return err
	}
	if p.Crop > 1 {
		return fmt.Errorf("%v is greater than 1", p.Crop)
	}
	return nil
}

func checkResolution(p *Profile) error {
	if p.Resolution < MinResolution || p.Resolution > MaxResolution {
		return fmt.Errorf("%d is not from %d to %d", p.Resolution, MinResolution, MaxResolution)
	}
	return nil
}
