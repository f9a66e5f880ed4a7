package model_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/effnet/effnet/internal/cpu"
	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// parity names a file to write the worst differences to, as Markdown.
var parity = flag.String("parity", "", "write the table of TestFamilyEqualsItsReferences to this `file`")

const parityHead = `# Parity

How far the logits and every stage are from the reference implementations, in
standard deviations of the reference's values, at a small and at the published
resolutions, with the seeded weights of tools/golden and the %s kernels. The
references ran in float64. Made by make parity.

`

// deep are the variants in which PyTorch's own float32 is off by more than the
// others' tolerance allows for.
var deep = map[string]bool{"efficientnet-b7": true, "efficientnet-b8": true, "efficientnet-l2": true, "efficientnet-v2-xl": true}

// familyGolden is one variant of one reference.
type familyGolden struct {
	*testkit.Golden
	variant     model.Variant
	resolutions []int
}

// familyGoldens lists what tools/golden made, by reference and variant.
func familyGoldens(t *testing.T) []familyGolden {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testkit.Root(t), "testdata", "golden", "family", "*", "*.safetensors"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens of the family: %v", err)
	}
	var goldens []familyGolden
	for _, file := range files {
		g := familyGolden{Golden: testkit.OpenGoldenFile(t, file)}
		g.variant = variant(t, g.Metadata("variant"))
		for _, s := range strings.Split(g.Metadata("resolutions"), ",") {
			g.resolutions = append(g.resolutions, number(t, s))
		}
		goldens = append(goldens, g)
	}
	return goldens
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (g familyGolden) profile(t *testing.T, resolution int) profile.Profile {
	t.Helper()
	prof := profile.ImageNet(resolution)
	prof.Padding = profile.Padding(g.Metadata("padding"))
	eps, err := strconv.ParseFloat(g.Metadata("bn_eps"), 64)
	if err != nil {
		t.Fatal(err)
	}
	prof.BNEps = eps
	return prof
}

// compare gives the worst difference of the logits, and of the stages where
// the golden has them.
func (g familyGolden) compare(t *testing.T, p *model.Plan) float64 {
	t.Helper()
	ws := p.NewWorkspace(2)
	defer ws.Close()
	prefix := fmt.Sprintf("%d/", p.Resolution())
	worst := 0.0
	ws.Tap(func(s model.Step, out *tensor.Tensor) {
		name := prefix + tapName(p, s)
		if !g.Has(name + ".values") {
			return
		}
		var got []float32
		for _, i := range g.Ints(name + ".indices") {
			got = append(got, out.Data[i])
		}
		worst = max(worst, testkit.LogitsError(got, g.Float32s(name+".values")))
	})
	logits, err := p.Run(ws, seededInput(p.Resolution()))
	if err != nil {
		t.Fatal(err)
	}
	return max(worst, testkit.LogitsError(logits, g.Float32s(prefix+"logits")))
}

func TestFamilyEqualsItsReferences(t *testing.T) {
	best, err := kernels.Best()
	if err != nil {
		t.Fatal(err)
	}
	rows := []string{
		"| variant | reference | version | resolutions | worst difference |",
		"|---|---|---|---|---|",
	}
	seen := map[string]bool{}
	for _, g := range familyGoldens(t) {
		if !runs(g.variant) {
			continue
		}
		seen[g.variant.Name] = true
		limit := 1e-4
		if deep[g.variant.Name] {
			limit = 1e-3
		}
		params := model.Random(g.variant.ParamSpecs(number(t, g.Metadata("classes"))), 1)
		worst := 0.0
		for i, resolution := range g.sizes() {
			for _, set := range kernels.Sets() {
				if set.Tier != best.Tier && (i > 0 || tooSlow(set.Tier, g.variant)) {
					continue
				}
				e := g.compare(t, compile(t, g.variant, g.profile(t, resolution), params, set))
				if !(e <= limit) {
					t.Errorf("%s of %s at %d on %s is off by %.2g, more than %.0g",
						g.variant.Name, g.Metadata("source"), resolution, set.Tier, e, limit)
				}
				if set.Tier == best.Tier {
					worst = max(worst, e)
				}
			}
		}
		if worst == 0 {
			t.Errorf("%s of %s was not compared", g.variant.Name, g.Metadata("source"))
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %.1e |",
			g.variant.Name, g.Metadata("source"), g.Metadata("version"), strings.Trim(fmt.Sprint(g.sizes()), "[]"), worst))
	}
	for _, v := range model.Variants() {
		if runs(v) && !seen[v.Name] {
			t.Errorf("%s has no golden", v.Name)
		}
	}
	slices.Sort(rows[2:])
	if *parity != "" {
		text := fmt.Sprintf(parityHead, best.Tier) + strings.Join(rows, "\n") + "\n"
		if err := os.WriteFile(*parity, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// tooSlow spares the portable kernels the networks that take them minutes.
func tooSlow(tier cpu.Tier, v model.Variant) bool { return tier == cpu.Generic && deep[v.Name] }
