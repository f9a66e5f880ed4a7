package weights

import "strconv"

// The range of a temperature. Beyond it a softmax is a constant.
const (
	MinTemperature = 0.01
	MaxTemperature = 100
)

// CheckTemperature refuses what Model.Temperature can not be.
func CheckTemperature(t float64) error {
	if t != 0 && !(t >= MinTemperature && t <= MaxTemperature) {
		return refuse("temperature %v is not from %v to %v", t, MinTemperature, MaxTemperature)
	}
	return nil
}

// parseTemperature reads the metadata's; 0 where it has none.
func parseTemperature(meta map[string]string) (float64, error) {
	text, ok := meta[keyTemperature]
	if !ok {
		return 0, nil
	}
	t, err := strconv.ParseFloat(text, 64)
	if err != nil || t == 0 {
		return 0, refuse("temperature %.20q is not a positive number", text)
	}
	return t, CheckTemperature(t)
}
