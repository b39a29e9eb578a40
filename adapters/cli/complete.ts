/**
 * `devicehub complete SHELL`: the script by which a shell completes the command, and what that script asks.
 *
 * @module
 */
import process from 'node:process'
import type { Command, Option } from 'commander'
import { CommandFailure, exitCode } from './failure.ts'
import { print } from './output.ts'

/**
 * By the name of the shell. Where nothing is found, each completes names of files.
 *
 * bash tells the line by the environment and takes lines, so that nothing of it is evaluated.
 */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `complete -o bashdefault -o default -C 'devicehub complete' devicehub`,
  zsh: `#compdef devicehub
_devicehub() {
  local line
  local -a found
  for line in "\${(@f)$(devicehub complete for "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( $#found )); then _describe devicehub found; else _files; fi
}
if [[ $funcstack[1] == _devicehub ]]; then _devicehub "$@"; else compdef _devicehub devicehub; fi`,
  fish: `function __devicehub_complete
    set -l words (commandline -opc)
    set -l found (devicehub complete for $words[2..] (commandline -ct) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c devicehub -f -a '(__devicehub_complete)'`,
}

/** What may stand somewhere. */
interface Candidate {
  readonly text: string
  readonly description: string
}

/**
 * Runs the verb: `complete SHELL` prints the script, `complete for WORDS` what may stand in the place of the
 * last of these words with its description, and where bash asks, what may stand at the end of its line.
 *
 * @param args Those behind the verb.
 * @throws {CommandFailure} If there is no such shell.
 */
export async function complete(program: Command, args: readonly string[]): Promise<void> {
  const { COMP_LINE: line, COMP_POINT: point } = process.env
  const [first = '', ...words] = args
  if (line !== undefined) {
    const [, ...ofBash] = splitLine(line.slice(0, Number(point ?? line.length)))
    for (const { text } of candidates(program, ofBash)) await print(text)
  } else if (first === 'for') {
    for (const { text, description } of candidates(program, words)) {
      await print(`${text}\t${description}`)
    }
  } else {
    const script = Object.hasOwn(SCRIPTS, first) ? SCRIPTS[first] : undefined
    if (script === undefined || words.length > 0) {
      const names = Object.keys(SCRIPTS).join(', ')
      throw new CommandFailure(exitCode.misused, `complete: name one shell: ${names}`)
    }
    await print(script)
  }
}

/** The words of a line as a shell splits it; the last is what is being written, and may be empty. */
function splitLine(line: string): readonly string[] {
  const words: string[] = ['']
  let quote = ''
  for (const [i, character] of [...line].entries()) {
    if (quote !== '' && character === quote) quote = ''
    else if (quote !== '') words[words.length - 1] += character
    else if (character === '"' || character === "'") quote = character
    else if (character !== ' ') words[words.length - 1] += character
    else if (line[i - 1] !== ' ') words.push('')
  }
  return words
}

/** What may stand in the place of the last word. */
function candidates(program: Command, words: readonly string[]): readonly Candidate[] {
  const before = words.slice(0, -1)
  const begun = words.at(-1) ?? ''
  let command = program
  let position = 0
  let asking: Option | undefined
  for (const word of before) {
    if (asking) {
      asking = undefined
      continue
    }
    const option = command.options.find(({ long, short }) => word === long || word === short)
    const inner = command.commands.find((one) => one.name() === word)
    if (option) asking = option.required ? option : undefined
    else if (inner && position === 0) command = inner
    else if (!word.startsWith('-')) position++
  }
  return possible(command, position, asking, begun).filter(({ text }) => text.startsWith(begun))
}

function possible(
  command: Command,
  position: number,
  asking: Option | undefined,
  begun: string,
): readonly Candidate[] {
  const plain = (choices: readonly string[] = []) =>
    choices.map((text) => ({ text, description: '' }))
  if (asking) return plain(asking.argChoices)
  const help = command.createHelp()
  if (begun.startsWith('-')) {
    return help
      .visibleOptions(command)
      .flatMap(({ long, description }) => (long ? [{ text: long, description }] : []))
  }
  if (position === 0 && command.commands.length > 0) {
    return help
      .visibleCommands(command)
      .map((one) => ({ text: one.name(), description: one.description() }))
  }
  return plain(command.registeredArguments[position]?.argChoices)
}
