import { describe, expect, test } from "vitest";
import { ggmlQuestions } from "./ggml.ts";
import { memoryQuestions } from "./memory.ts";
import { check, section } from "./question.ts";
import { ruleQuestions } from "./rules.ts";
import { splitQuestions } from "./splits.ts";

const questions = [...splitQuestions, ...memoryQuestions, ...ruleQuestions, ...ggmlQuestions];

const introduction = `# Placement: questions people ask

<!-- Written by test/faq from what the commands print: \`npx vitest run test/faq --update\` writes it anew, and a test fails where it is old. -->

Questions from the trackers of programs that place models, each asked to the tool. \`--arch deepseek-v2-lite\` plans the published
configuration without a file, and \`--devices rtx4080\` a machine with that card, from the figures of its data sheet: you need neither.
\`…\` stands for lines that are left out.`;

describe.each(questions)("$title", ({ commands }) => {
  test.each(commands)(
    "%#: the commands still say so",
    async (command) => {
      await expect(check(command)).resolves.toBeUndefined();
    },
    60_000,
  );
});

test("twenty questions and one about ggml, each with the place where it was asked", () => {
  expect(questions).toHaveLength(21);
  for (const { asked } of questions) expect(asked).toMatch(/#\d+/);
  expect(new Set(questions.map(({ title }) => title)).size).toBe(21);
});

test("docs/faq-placement.md is made of these answers", async () => {
  const sections = await Promise.all(questions.map((question, i) => section(question, i + 1)));
  await expect(`${[introduction, ...sections].join("\n\n")}\n`).toMatchFileSnapshot(
    "../../docs/faq-placement.md",
  );
}, 120_000);
