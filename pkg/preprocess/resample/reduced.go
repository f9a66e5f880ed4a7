package resample

import (
	"math"

	"github.com/effnet/effnet/pkg/profile"
)

// reducedAxis is newAxis for samples of which only means of n are given, size of
// them; from…to counts means too. It weighs the samples as newAxis does, and
// hands each weight on to the means around by which the sample is estimated.
func reducedAxis(f profile.Interpolation, n, size int, from, to float32, out int) axis {
	kernel := filters[f]
	begin, end := float64(from)*float64(n), float64(to)*float64(n)
	scale := (end - begin) / float64(out)
	stretch := max(scale, 1)
	support := kernel.support * stretch
	a := axis{start: make([]int32, out), weight: make([][]int32, out)}
	for i := range out {
		center := begin + float64((float64(i)+0.5)*scale)
		first := max(int(math.Round(begin)), int(center-support+0.5))
		last := min(int(math.Round(end)), int(center+support+0.5))
		left, right := max(first/n-2, 0), min((last-1)/n+3, size)
		w := make([]float64, right-left)
		sum := 0.0
		for x := first; x < last; x++ {
			v := kernel.at((float64(x) - center + 0.5) / stretch)
			sum += v
			for k, share := range estimate(n, x%n) {
				w[min(max(x/n-2+k, left), right-1)-left] += float64(v * share)
			}
		}
		a.set(i, left, fixed(w, sum))
	}
	return a
}

// estimates weigh five means so that they give, with the least expected error,
// each sample of the first half of the third; of samples whose squared
// differences grow, in the mean, as their distance. Those of a picture do,
// roughly.
var estimates = map[int][][5]float64{
	2: {
		{-1. / 41, 7. / 41, 1, -7. / 41, 1. / 41},
	},
	4: {
		{-13315. / 198581, 71901. / 198581, 305. / 349, -41175. / 198581, 7625. / 198581},
		{-645. / 198581, 3483. / 198581, 393. / 349, -34209. / 198581, 6335. / 198581},
	},
	8: {
		{-4315479. / 45110389, 21988393. / 45110389, 3945. / 5149, -8864415. / 45110389, 1739745. / 45110389},
		{-2346561. / 45110389, 11956287. / 45110389, 4977. / 5149, -10081433. / 45110389, 1978599. / 45110389},
		{-745605. / 45110389, 3799035. / 45110389, 5665. / 5149, -9423597. / 45110389, 1849491. / 45110389},
		{487389. / 45110389, -2483363. / 45110389, 6009. / 5149, -6890907. / 45110389, 1352421. / 45110389},
	},
}

// estimate weighs the means around sample i of n.
func estimate(n, i int) [5]float64 {
	if half := estimates[n]; i < len(half) {
		return half[i]
	}
	e := estimates[n][n-1-i]
	return [5]float64{e[4], e[3], e[2], e[1], e[0]}
}
