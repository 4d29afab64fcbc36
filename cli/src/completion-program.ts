// The command that lets a shell complete the others: name, options and help.
import { Argument, type Command } from "commander";
import { examples, leaf } from "./command-parts.js";
import { SCRIPTS, SHELLS, type Shell } from "./completion/shell-scripts.js";
import type { Output } from "./output.js";

export function addCompletion(root: Command, output: Output): void {
  leaf(root, "completion", "let your shell complete commands, options and profiles")
    .addArgument(new Argument("<shell>", "whose script is printed").choices(SHELLS))
    .addHelpText("after", examples(SHELLS.map((shell) => `completion ${shell}`)))
    .addHelpText(
      "after",
      `
For good, in the shell's own file:
  ~/.bashrc                   source <(agentspan completion bash)
  ~/.zshrc, after compinit    source <(agentspan completion zsh)
  ~/.config/fish/config.fish  agentspan completion fish | source`,
    )
    .action((shell: Shell) => output.text(SCRIPTS[shell]));
}
