package store

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

func TestCatalogue(t *testing.T) {
	variants := map[string]bool{}
	for _, e := range Catalogue() {
		variants[e.Variant] = true
		v, err := model.Lookup(e.Variant)
		if err != nil || v.Name != e.Variant || v.IsCustom() {
			t.Errorf("%s: %v", e.Name(), err)
		}
		u, err := url.Parse(e.URL)
		if err != nil || u.Scheme != "https" || u.RawQuery != "" {
			t.Errorf("%s: %s, %v", e.Name(), e.URL, err)
		}
		p := profile.ImageNet(v.Resolution)
		if err := profile.Parse(e.Profile, &p); err != nil || !strings.Contains(e.Profile, "padding=") {
			t.Errorf("%s: %s, %v", e.Name(), e.Profile, err)
		}
		one := 0
		for _, set := range []bool{len(e.SHA256) == 64, len(e.SHA256Prefix) == 8, len(e.MD5) == 32, e.Hub} {
			if set {
				one++
			}
		}
		if one != 1 || e.License == "" || e.Page == "" || e.Classes < 1000 || e.Top1 != 0 && (e.Top1 < 70 || e.Top1 > 90) {
			t.Errorf("%+v", e)
		}
		for _, name := range []string{e.Name(), e.ShortName(), strings.ToUpper(e.ShortName())} {
			if got, err := Find(name); err != nil || got.Name() != e.Name() {
				t.Errorf("%s: %s, %v", name, got.Name(), err)
			}
		}
		if strings.ContainsAny(e.file(), `/\:*?"<>|`) {
			t.Errorf("%q is no name of a file everywhere", e.file())
		}
	}
	for _, v := range model.Variants() {
		if !variants[v.Name] {
			t.Errorf("no weights of %s", v.Name)
		}
	}
}

func TestFind(t *testing.T) {
	for name, want := range map[string]string{
		"b0":                      "efficientnet-b0@torchvision:v1",
		"B1":                      "efficientnet-b1@torchvision:v2",
		"b1@torchvision:v1":       "efficientnet-b1@torchvision:v1",
		"efficientnet-b7@timm":    "efficientnet-b7@timm:aa_in1k",
		"b0@ra_in1k":              "efficientnet-b0@timm:ra_in1k",
		"b0@advprop":              "efficientnet-b0@efficientnet_pytorch:advprop",
		"b3@noisy_student":        "efficientnet-b3@qubvel:noisy-student",
		"b0@efficientnet-pytorch": "efficientnet-b0@efficientnet_pytorch:imagenet",
		"lite0":                   "efficientnet-lite0@timm:in1k",
		"v2-b0":                   "efficientnet-v2-b0@keras:imagenet",
		"v2-xl":                   "efficientnet-v2-xl@timm:in21k_ft_in1k",
		"b8":                      "efficientnet-b8@timm:ra_in1k",
		"l2@ns_jft_in1k_475":      "efficientnet-l2@timm:ns_jft_in1k_475",
	} {
		if e, err := Find(name); err != nil || e.Name() != want {
			t.Errorf("%s: %s, %v, want %s", name, e.Name(), err, want)
		}
	}
	for name, near := range map[string]string{
		"b0@imagenet": "b0@keras", "b77": "efficientnet-b7", "b0@nobody": "b0@timm", "b0@timm:nothing": "b0@timm",
		"d1.1,w1,r64": "", "": "", "@": "", "b0@": "b0", "d-1,w1": "",
	} {
		e, err := Find(name)
		var unknown *NameError
		if !errors.As(err, &unknown) || near != "" && !slices.Contains(unknown.Near, near) {
			t.Errorf("%q: %s, %v, want %q near", name, e.Name(), err, near)
		}
	}
}

func TestAddress(t *testing.T) {
	e, err := Find("b0")
	if err != nil {
		t.Fatal(err)
	}
	for mirror, want := range map[string]string{
		"":                           "https://download.pytorch.org/models/efficientnet_b0_rwightman-7f5810bc.pth",
		"https://m.example":          "https://m.example/models/efficientnet_b0_rwightman-7f5810bc.pth",
		"http://m.example:8080/a/b/": "http://m.example:8080/a/b/models/efficientnet_b0_rwightman-7f5810bc.pth",
	} {
		if got, err := e.Address(mirror); err != nil || got != want {
			t.Errorf("%q: %s, %v", mirror, got, err)
		}
	}
	for _, mirror := range []string{"m.example", "file:///tmp", "ftp://m.example", "https://", "https://m.example/?a=b", "://"} {
		if got, err := e.Address(mirror); err == nil {
			t.Errorf("%q: %s", mirror, got)
		}
	}
}

func TestEnvNamesTheStore(t *testing.T) {
	t.Setenv(Env, "/somewhere")
	if s, err := Open(); err != nil || s.Dir != "/somewhere" {
		t.Errorf("%v, %v", s, err)
	}
	t.Setenv(Env, "")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	t.Setenv("LocalAppData", "")
	if s, err := Open(); err == nil {
		t.Errorf("%v", s)
	}
}
