package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/store"
	"github.com/effnet/effnet/models"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

// ListOptions are the arguments and flags of effnet list.
type ListOptions struct {
	Names  []string // variants; none: all
	All    bool
	Format string
}

const listLong = `Print the models that are inside this program, those that have been pulled, and the
official weights that can be pulled. Of these the table has the preferred ones of each
variant, and all with --all or where variants are named; json always has all.

SIZE is of the file here, or about that of the download; MACS are multiply-adds of one
picture at the model's own resolution; TOP-1 is the accuracy on ImageNet in per cent
that the source publishes, empty where it publishes none. The licence is that under
which the source gives its library.`

// states of a model.
const (
	stateEmbedded  = "embedded"
	statePulled    = "pulled"
	stateAvailable = "available"
)

// listed is a model of the list, as json prints it. What is unknown is null.
type listed struct {
	Name       string      `json:"name"`
	Variant    string      `json:"variant"`
	Source     string      `json:"source"`
	Weights    string      `json:"weights"`
	Preferred  bool        `json:"preferred"` // what the variant's name alone means
	State      string      `json:"state"`
	Path       *string     `json:"path"`
	Size       *int64      `json:"size"`         // bytes of the model file
	Download   *float64    `json:"download_mib"` // of the source's file, as published
	Params     int64       `json:"params"`
	MACs       int64       `json:"macs"`
	Resolution int         `json:"resolution"`
	Classes    int         `json:"classes"`
	Top1       *float64    `json:"top1"` // per cent on ImageNet
	License    string      `json:"license"`
	Page       *string     `json:"page"`
	URL        *string     `json:"url"`
	Digest     *digestJSON `json:"digest"` // of the source's file
	short      string
}

// digestJSON is what a source publishes; value is null where only the hub's
// answer to a pull tells it.
type digestJSON struct {
	Algorithm string  `json:"algorithm"`
	Value     *string `json:"value"`
	Prefix    bool    `json:"prefix,omitempty"`
}

func newListCmd(s Streams, runF func(Streams, ListOptions) error) *cobra.Command {
	o := ListOptions{}
	cmd := &cobra.Command{
		Use:     "list [VARIANT]...",
		Short:   "Print the models that are here and those that can be pulled",
		Long:    listLong,
		Example: "  effnet list\n  effnet list b0 v2-s\n  effnet list -f json",
		Args:    cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			o.Names = args
			if err := o.check(); err != nil {
				return err
			}
			return runF(s, o)
		},
		ValidArgsFunction: completeVariant(cobra.ShellCompDirectiveNoFileComp),
	}
	cmd.Flags().BoolVar(&o.All, "all", false, "every source's weights, not the preferred ones alone")
	cmd.Flags().StringVarP(&o.Format, "format", "f", "table", "`FORMAT`: table or json")
	complete(cmd, "format", "table", "json")
	return cmd
}

// check makes full names of the variants.
func (o *ListOptions) check() error {
	for i, name := range o.Names {
		v, err := model.Lookup(lower(name))
		if err != nil {
			return usage(err)
		}
		o.Names[i] = v.Name
	}
	return oneOf("format", o.Format, "table", "json")
}

func runList(s Streams, o ListOptions) error {
	st, err := openStore()
	if err != nil {
		return err
	}
	all, err := listAll(st)
	if err != nil {
		return &exitError{exitOutput, fmt.Errorf("%q: %w", st.Dir, reasonOf(err))}
	}
	if len(o.Names) > 0 {
		all = slices.DeleteFunc(all, func(l listed) bool { return !slices.Contains(o.Names, l.Variant) })
	}
	if o.Format == "json" {
		return writeJSON(s.Out, struct {
			Schema string   `json:"schema"`
			Store  string   `json:"store"`
			Models []listed `json:"models"`
		}{report.SchemaName, st.Dir, all})
	}
	table, hidden := listTable(all, o.All || len(o.Names) > 0, columns(s.Out) > 0 && colorful())
	if err := written(s.Out.Write(table)); err != nil {
		return err
	}
	if hidden > 0 && columns(s.Out) > 0 {
		newConsole(s.Err).say(fmt.Sprintf("%d more can be pulled: effnet list --all", hidden))
	}
	return nil
}

// listAll is the embedded model, the pulled ones and the rest of the catalogue.
func listAll(st *store.Store) ([]listed, error) {
	inside, err := listEmbedded()
	if err != nil {
		return nil, err
	}
	pulled, available := []listed{}, []listed{}
	previous := ""
	for _, e := range store.Catalogue() {
		l, err := listEntry(e)
		if err != nil {
			return nil, err
		}
		l.Preferred = e.Variant != previous && e.Variant != embeddedModel
		previous = e.Variant
		p, ok, err := st.Lookup(e)
		if err != nil {
			return nil, err
		}
		if ok {
			l.State, l.Path, l.Size = statePulled, &p.Path, &p.Size
			pulled = append(pulled, l)
		} else {
			available = append(available, l)
		}
	}
	return slices.Concat([]listed{inside}, pulled, available), nil
}

func listEmbedded() (listed, error) {
	m, err := classify.Weights(models.Lite0, classify.Options{})
	if err != nil {
		return listed{}, err
	}
	size := int64(len(models.Lite0))
	l := listed{
		Name: m.Name, Variant: m.Variant, Source: m.Source, Preferred: true, State: stateEmbedded,
		Size: &size, Classes: m.Classes(), License: m.License, short: strings.TrimPrefix(m.Name, "efficientnet-"),
	}
	return l, l.measure(m.Profile)
}

func listEntry(e store.Entry) (listed, error) {
	v, err := model.Lookup(e.Variant)
	if err != nil {
		return listed{}, err
	}
	p := profile.ImageNet(v.Resolution)
	if err := profile.Parse(e.Profile, &p); err != nil {
		return listed{}, err
	}
	l := listed{
		Name: e.Name(), Variant: e.Variant, Source: e.Source, Weights: e.Weights, State: stateAvailable,
		Classes: e.Classes, License: e.License, Page: &e.Page, URL: &e.URL, short: e.ShortName(),
		Digest: digestOf(e.Digest),
	}
	if e.MiB > 0 {
		l.Download = &e.MiB
	}
	if e.Top1 > 0 {
		l.Top1 = &e.Top1
	}
	return l, l.measure(p)
}

func digestOf(d store.Digest) *digestJSON {
	switch {
	case d.SHA256 != "":
		return &digestJSON{Algorithm: "sha256", Value: &d.SHA256}
	case d.SHA256Prefix != "":
		return &digestJSON{Algorithm: "sha256", Value: &d.SHA256Prefix, Prefix: true}
	case d.MD5 != "":
		return &digestJSON{Algorithm: "md5", Value: &d.MD5}
	}
	return &digestJSON{Algorithm: "sha256"}
}

// measure counts parameters and multiply-adds at the profile's resolution.
func (l *listed) measure(p profile.Profile) error {
	v, err := model.Lookup(l.Variant)
	if err != nil {
		return err
	}
	l.Resolution = p.Resolution
	for _, s := range model.Trace(v, p.Padding, p.Resolution, l.Classes) {
		l.Params += s.Params()
		l.MACs += s.MACs()
	}
	return nil
}

// listTable is for a person; hidden is how many models it leaves out.
func listTable(all []listed, every, color bool) (text []byte, hidden int) {
	g := grid{align: "llrrrrrl", color: color}
	g.add(dim, "name", "state", "size", "params", "macs", "pixels", "top-1", "licence")
	for _, l := range all {
		if l.State == stateAvailable && !l.Preferred && !every {
			hidden++
			continue
		}
		style := plain
		if l.State != stateAvailable {
			style = bold
		}
		g.add(style, l.short, l.State, l.sizeText(), short(l.Params), short(l.MACs), fmt.Sprint(l.Resolution), l.top1Text(), l.License)
	}
	var b bytes.Buffer
	g.writeTo(&b)
	return b.Bytes(), hidden
}

func (l *listed) sizeText() string {
	switch {
	case l.Size != nil:
		return sized(*l.Size)
	case l.Download != nil:
		return sized(int64(*l.Download * (1 << 20)))
	}
	return "~" + sized(4*l.Params)
}

func (l *listed) top1Text() string {
	if l.Top1 == nil {
		return ""
	}
	return fmt.Sprintf("%.1f", *l.Top1)
}
