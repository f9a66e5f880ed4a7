package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/store"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// Bounds of pull's flags.
const (
	maxRetries = 100
	minTimeout = 100 * time.Millisecond
	maxTimeout = time.Hour
)

// PullOptions are the arguments and flags of effnet pull.
type PullOptions struct {
	Names    []string
	Mirror   string
	From     string
	SHA256   string
	PrintURL bool
	Offline  bool
	Force    bool
	Timeout  time.Duration
	Retries  int
	Quiet    bool
}

const pullLong = `Download official weights, verify their published digest and keep them as model
files of this program, so that -m NAME finds them. The path of each is printed.

NAME is a variant with or without "efficientnet-". Behind an @ stands which library's
weights are meant: b0@timm; behind a colon, which of them: b0@timm:ra_in1k. Weights
may stand alone where one library has them: b0@advprop. effnet list --all names all.

Models are kept in $EFFNET_MODELS, else in the user's cache folder. A download that
breaks off is continued by the next pull. HTTP_PROXY, HTTPS_PROXY and NO_PROXY are
honoured. A mirror takes the place of scheme and host: what is at
https://HOST/PATH is asked for at MIRROR/PATH.

Exit codes: 0 done, 2 wrong usage or an unknown name, 4 the weights were refused,
5 the download or the store failed, 130 interrupted.`

const pullExample = `  effnet pull b0
  effnet pull v2-s b3@noisy-student
  effnet pull b0 --mirror https://mirror.example/weights
  curl -O "$(effnet pull b0 --print-url)" && effnet pull b0 --from *.pth`

func newPullCmd(s Streams, runF func(context.Context, Streams, PullOptions) error) *cobra.Command {
	o := PullOptions{}
	cmd := &cobra.Command{
		Use:     "pull NAME[@SOURCE[:WEIGHTS]]...",
		Short:   "Download official weights",
		Long:    pullLong,
		Example: pullExample,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Names = args
			if err := o.check(); err != nil {
				return err
			}
			return runF(cmd.Context(), s, o)
		},
		ValidArgsFunction: completeEntries,
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Mirror, "mirror", "", "download from `URL` instead of the publisher's host")
	f.StringVar(&o.From, "from", "", "take `FILE`, downloaded by other means, instead of the network")
	f.BoolVar(&o.PrintURL, "print-url", false, "print where the weights are and do nothing else")
	f.BoolVar(&o.Offline, "offline", false, "do not use the network: fail where a model is not here")
	f.BoolVar(&o.Force, "force", false, "pull again what is here")
	f.StringVar(&o.SHA256, "sha256", "", "digest `HEX` of the download, where only a hub's answer tells it (timm)")
	f.DurationVar(&o.Timeout, "timeout", 30*time.Second, "`TIME` without an answer or bytes after which a try has failed")
	f.IntVar(&o.Retries, "retries", 3, "try `N` times more where nothing comes")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "no messages, no progress")
	return cmd
}

var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// check finds every wrong flag that can be told without reading anything.
func (o *PullOptions) check() error {
	if len(o.Names) == 0 {
		return usage(errors.New("no name given: effnet list shows what can be pulled"))
	}
	if len(o.Names) > 1 && (o.From != "" || o.SHA256 != "") {
		return usage(errors.New("--from and --sha256 go with one name"))
	}
	if o.SHA256 != "" && !hexDigest.MatchString(lower(o.SHA256)) {
		return usage(fmt.Errorf("--sha256 %q is not 64 hexadecimal digits", o.SHA256))
	}
	if o.From != "" && o.Mirror != "" {
		return usage(errors.New("--from and --mirror exclude each other"))
	}
	if o.Mirror != "" {
		if _, err := store.ParseMirror(o.Mirror); err != nil {
			return usage(fmt.Errorf("--mirror: %w", err))
		}
	}
	for _, err := range []error{
		between("timeout", o.Timeout, minTimeout, maxTimeout),
		between("retries", o.Retries, 0, maxRetries),
	} {
		if err != nil {
			return err
		}
	}
	_, err := findAll(o.Names)
	return err
}

func runPull(ctx context.Context, s Streams, o PullOptions) error {
	st, err := openStore()
	if err != nil {
		return err
	}
	console := newConsole(s.Err)
	for _, name := range o.Names {
		switch {
		case isEmbedded(name):
			if !o.Quiet {
				console.say(embeddedModel + " is inside this program, nothing is to be pulled")
			}
		case o.PrintURL:
			err = o.printURL(s, name)
		default:
			err = o.pull(ctx, s, console, st, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *PullOptions) printURL(s Streams, name string) error {
	e, err := store.Find(name)
	if err != nil {
		return asUsage(err)
	}
	address, err := e.Address(o.Mirror)
	if err != nil {
		return usage(err)
	}
	return written(fmt.Fprintln(s.Out, address))
}

// pull brings one model into the store and prints its path.
func (o *PullOptions) pull(ctx context.Context, s Streams, c *console, st *store.Store, name string) error {
	e, err := store.Find(name)
	if err != nil {
		return asUsage(err)
	}
	say := func(format string, args ...any) {
		if !o.Quiet {
			c.say(fmt.Sprintf(format, args...))
		}
	}
	bar := newBar(c, e.ShortName())
	options := store.PullOptions{
		Mirror: o.Mirror, From: o.From, SHA256: lower(o.SHA256), Offline: o.Offline, Force: o.Force,
		Silence: o.Timeout, Retries: o.Retries, Agent: "effnet/" + versionString(),
		Convert:    func(data []byte, e store.Entry) (*weights.Model, error) { return convertOfficial(ctx, data, e) },
		Waiting:    func() { say("%s: another effnet is pulling it, waiting", e.Name()) },
		Retrying:   func(err error) { say("%s: %s, trying again", e.Name(), reasonOf(err)) },
		Converting: func() { bar.note("converting") },
	}
	if o.Retries == 0 {
		options.Retries = -1
	}
	if !o.Quiet && columns(s.Err) > 0 {
		bar.width = columns(s.Err)
		options.Progress = bar.progress
	}
	p, fresh, err := st.Pull(ctx, e, options)
	bar.finish()
	if err != nil {
		return o.failed(ctx, st, e, err)
	}
	if fresh {
		say("%s: %s, source sha256 %s, licence %s", e.Name(), sized(p.Size), p.SourceSHA256, e.License)
	} else {
		say("%s is here already", e.Name())
	}
	return written(fmt.Fprintln(s.Out, p.Path))
}

// failed says what is kept for the next try.
func (o *PullOptions) failed(ctx context.Context, st *store.Store, e store.Entry, err error) error {
	failure := aboutModel(ctx, e.Name(), err).(*exitError)
	if info, statErr := os.Stat(st.Part(e)); statErr == nil && info.Size() > 0 && o.From == "" {
		failure.err = fmt.Errorf("%w; %s are kept in %s, from where the next pull goes on",
			failure.err, sized(info.Size()), strconv.Quote(st.Part(e)))
	}
	return failure
}

// convertOfficial makes a model of official weights: what the catalogue knows
// of them is before what their file tells.
func convertOfficial(ctx context.Context, data []byte, e store.Entry) (m *weights.Model, err error) {
	defer refuseFaults(e.Name(), &err)
	m, err = classify.Weights(data, classify.Options{Variant: e.Variant, Overrides: e.Profile})
	if err != nil {
		return nil, err
	}
	if m.Classes() != e.Classes {
		return nil, fmt.Errorf("the file has %d classes, the catalogue says %d", m.Classes(), e.Classes)
	}
	_, err = finishModel(ctx, m)
	return m, err
}
