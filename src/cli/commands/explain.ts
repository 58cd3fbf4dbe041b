import type { Command } from 'commander';
import { examples, type Cli } from '../command.js';
import { explanationRecord, explanationText } from '../explanation-text.js';
import { openToRead } from '../reading.js';

export function defineExplain(command: Command, cli: Cli): void {
  command
    .argument('<KEY>', 'of the entry')
    .addHelpText('after', examples('explain lc:25155310:1:pdcsap', 'explain lc:25155310:1:sap --json'))
    .action(async (key: string) => {
      const explanation = await openToRead(cli).explain(key);
      cli.output.result(explanationRecord(explanation), () =>
        explanationText(explanation, process.stdout.columns),
      );
    });
}
