// What a shell is told: to ask the command itself, by the name that was typed, and to complete files where it says so.
import { COMPLETE } from "./complete-word.js";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export const SCRIPTS: Readonly<Record<Shell, string>> = {
  // Also bash 3.2, as macOS has it.
  bash: `# Completion of agentspan for bash: source <(agentspan completion bash)
_agentspan() {
  local line typed="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  [ "$typed" = "=" ] && typed=
  while IFS= read -r line; do
    case "$line" in
      :files) compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$typed") ;;
      :folders) compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$typed") ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD-1}" "$typed" 2>/dev/null)
}
complete -F _agentspan agentspan
`,
  zsh: `#compdef agentspan
# Completion of agentspan for zsh, after compinit: source <(agentspan completion zsh)
_agentspan() {
  local line kind=
  local -a found
  while IFS= read -r line; do
    case "$line" in
      :files) kind=files ;;
      :folders) kind=folders ;;
      *$'\\t'*) found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) found+=("\${line//:/\\\\:}") ;;
    esac
  done < <("\${words[1]}" ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#found )) && _describe -t words agentspan found
  case "$kind" in
    files) _files ;;
    folders) _files -/ ;;
  esac
}
compdef _agentspan agentspan
`,
  fish: `# Completion of agentspan for fish: agentspan completion fish | source
function __agentspan_complete
  set -l words (commandline -opc)
  set -l typed (commandline -ct)
  for line in ($words[1] ${COMPLETE} $words[2..-1] "$typed" 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path "$typed"
      case ':folders'
        __fish_complete_directories "$typed"
      case '*'
        echo $line
    end
  end
end
complete -c agentspan -f -a '(__agentspan_complete)'
`,
};
