package naming

import (
	"fmt"
	"strings"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

// Epsilons of batch norm: PyTorch's own and TensorFlow's.
const (
	epsTorch      = 1e-5
	epsTensorFlow = 1e-3
)

var half = [3]float64{0.5, 0.5, 0.5}

// profile is what a port's weights of a variant are used with, and what of it
// is a guess.
func (s source) profile(v model.Variant) (profile.Profile, []string) {
	p := profile.ImageNet(v.Resolution)
	p.Crop = paperCrop(p.Resolution)
	var assumed []string
	switch s.scheme.name {
	case Torchvision:
		assumed = torchvisionProfile(v, &p)
	case Timm:
		assumed = s.timmProfile(v, &p)
	case EfficientNetPyTorch:
		assumed = efficientNetPyTorchProfile(v, &p)
	}
	if v.IsCustom() {
		assumed = append(assumed, fmt.Sprintf("resolution %d and crop %.3g, of the network that was scaled", p.Resolution, p.Crop))
	}
	return p, assumed
}

// paperCrop is the part of the short side that TensorFlow's evaluation takes.
func paperCrop(resolution int) float64 {
	const around = 32
	return float64(resolution) / float64(resolution+around)
}

// evaluation is how torchvision's weights of a variant are evaluated.
type evaluation struct {
	crop, resize  int
	interpolation profile.Interpolation
	half          bool // mean and deviation of 0.5
}

// torchvisionEvaluations are the transforms of torchvision.models.efficientnet,
// of B1 those of IMAGENET1K_V2.
var torchvisionEvaluations = map[string]evaluation{
	"efficientnet-b0":   {224, 256, profile.Bicubic, false},
	"efficientnet-b1":   {240, 255, profile.Bilinear, false},
	"efficientnet-b2":   {288, 288, profile.Bicubic, false},
	"efficientnet-b3":   {300, 320, profile.Bicubic, false},
	"efficientnet-b4":   {380, 384, profile.Bicubic, false},
	"efficientnet-b5":   {456, 456, profile.Bicubic, false},
	"efficientnet-b6":   {528, 528, profile.Bicubic, false},
	"efficientnet-b7":   {600, 600, profile.Bicubic, false},
	"efficientnet-v2-s": {384, 384, profile.Bilinear, false},
	"efficientnet-v2-m": {480, 480, profile.Bilinear, false},
	"efficientnet-v2-l": {480, 480, profile.Bicubic, true},
}

// torchvisionTF are the variants that torchvision builds with TensorFlow's
// epsilon; V2 too.
var torchvisionTF = map[string]bool{"efficientnet-b5": true, "efficientnet-b6": true, "efficientnet-b7": true}

func torchvisionProfile(v model.Variant, p *profile.Profile) []string {
	if torchvisionTF[v.Name] || isV2(v) {
		p.BNEps = epsTensorFlow
	}
	e, ok := torchvisionEvaluations[v.Name]
	if !ok {
		return []string{
			fmt.Sprintf("padding %s, bn_eps %v: torchvision has no %s of its own", p.Padding, p.BNEps, v.Name), meanStd,
		}
	}
	p.Resolution, p.Crop, p.Interpolation = e.crop, float64(e.crop)/float64(e.resize), e.interpolation
	if e.half {
		p.Mean, p.Std = half, half
	}
	if v.Name == "efficientnet-b1" {
		return []string{"crop 240/255 and bilinear, of IMAGENET1K_V2 (V1: --profile crop=240/256,interpolation=bicubic)"}
	}
	return nil
}

const meanStd = "mean and std of ImageNet"

// timmTF are the variants that timm has only with TensorFlow's weights.
var timmTF = map[string]bool{
	"efficientnet-v2-b0": true, "efficientnet-v2-b1": true, "efficientnet-v2-b2": true, "efficientnet-v2-b3": true,
}

// timmProfile: names and shapes of efficientnet_b2 and tf_efficientnet_b2 are
// the same, so only a checkpoint's "arch" tells them apart.
func (s source) timmProfile(v model.Variant, p *profile.Profile) []string {
	tensorFlow := strings.HasPrefix(s.dict.Arch, "tf_") || timmTF[v.Name]
	large := isV2(v) && !timmTF[v.Name]
	if large {
		p.Crop = 1
	}
	normal := fmt.Sprintf("%s, %s, crop %.3g", meanStd, p.Interpolation, p.Crop)
	if tensorFlow {
		p.Padding, p.BNEps = profile.Same, epsTensorFlow
		if large || isLite(v) {
			p.Mean, p.Std = half, half
			normal = fmt.Sprintf("mean and std 0.5, %s, crop %.3g", p.Interpolation, p.Crop)
		}
		return []string{normal}
	}
	hint := "padding=same,bn_eps=0.001"
	if large || isLite(v) {
		hint += ",mean=0.5:0.5:0.5,std=0.5:0.5:0.5"
	}
	return []string{
		fmt.Sprintf("padding %s, bn_eps %v: a tf_ model of timm or geffnet has the same names and needs --profile %s", p.Padding, p.BNEps, hint),
		normal,
	}
}

// efficientNetPyTorchProfile: the weights are TensorFlow's. Of B8 there are
// only those of AdvProp.
func efficientNetPyTorchProfile(v model.Variant, p *profile.Profile) []string {
	p.Padding, p.BNEps = profile.Same, epsTensorFlow
	switch {
	case isLite(v):
		for i := range 3 {
			p.Mean[i], p.Std[i] = 127.0/255, 128.0/255
		}
		return nil
	case v.Name == "efficientnet-b8":
		p.Mean, p.Std = half, half
		return []string{"mean and std 0.5, as AdvProp has"}
	}
	return []string{meanStd + " (AdvProp: --profile mean=0.5:0.5:0.5,std=0.5:0.5:0.5)"}
}

func isV2(v model.Variant) bool {
	for _, s := range v.Stages {
		if s.Op == model.FusedMBConv {
			return true
		}
	}
	return false
}

// isLite tells the networks without squeeze-and-excitation.
func isLite(v model.Variant) bool {
	for _, s := range v.Stages {
		if s.SERatio > 0 {
			return false
		}
	}
	return true
}
