package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/report"
)

const rootLong = `effnet classifies images with the EfficientNet family.

The weights of EfficientNet-Lite0 are inside this program: it needs no network,
no Python and no other file.`

const rootExample = `  effnet classify photo.jpg
  effnet classify photos/ -f jsonl -o labels.jsonl`

// newRootCmd makes the command line. What cobra itself prints goes to out.
func newRootCmd(s Streams, out io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:           "effnet",
		Short:         "Classify images with EfficientNet",
		Long:          rootLong,
		Example:       rootExample,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return usage(unknownCommand(cmd, args[0]))
		},
	}
	cmd.SetIn(s.In)
	cmd.SetOut(out)
	cmd.SetErr(s.Err)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	cmd.Version = versionString()
	cmd.SetVersionTemplate("effnet {{.Version}}\n")
	cmd.AddCommand(newBenchCmd(s, runBench), newCheckCmd(s, runCheck), newClassifyCmd(s, runClassify),
		newConvertCmd(s, runConvert), newEmbedCmd(s, runEmbed), newEvalCmd(s, runEval), newExplainCmd(s, runExplain),
		newListCmd(s, runList), newPullCmd(s, runPull), newRemoveCmd(s, runRemove),
		newScaleCmd(s, runScale), newSchemaCmd(s, runSchema), newShowCmd(s, runShow), newTrainCmd(s, runTrain),
		newVerifyCmd(s, runVerify), newVersionCmd(s, runVersion))
	cmd.SetHelpCommand(newHelpCmd())
	cmd.InitDefaultCompletionCmd()
	for _, c := range cmd.Commands() {
		if c.Name() == "completion" {
			c.Short = "Print the completion script of a shell"
			c.Args = cobra.ArbitraryArgs
			c.RunE = cmd.RunE
		}
	}
	return cmd
}

// Command is the command line as tools that document it want it; running it does
// nothing that is seen.
func Command() *cobra.Command {
	return newRootCmd(Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}, io.Discard)
}

func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			asked, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usage(unknownCommand(asked, rest[0]))
			}
			asked.InitDefaultHelpFlag()
			asked.InitDefaultVersionFlag()
			return asked.Help()
		},
	}
}

// unknownCommand names the commands that are near, or the one meant where a file was
// given.
func unknownCommand(cmd *cobra.Command, name string) error {
	text := fmt.Sprintf("unknown command %q", name)
	if _, err := os.Stat(name); err == nil {
		return fmt.Errorf("%s: to classify a file, effnet classify %s", text, report.Quote(name))
	}
	cmd.SuggestionsMinimumDistance = 3
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("%s; near: %s", text, strings.Join(near, ", "))
	}
	return fmt.Errorf("%s; effnet --help lists the commands", text)
}
