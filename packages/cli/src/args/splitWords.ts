/** Words of a text as a shell would cut them: blanks separate, quotes of either kind hold together; nothing is expanded. */
export function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  const pattern = /\s*((?:[^\s"']|"[^"]*"|'[^']*'|["'])+)/g;
  for (const [, word = ""] of text.matchAll(pattern)) {
    words.push(
      word.replaceAll(
        /"([^"]*)"|'([^']*)'/g,
        (_, double: string = "", single: string = "") => double + single,
      ),
    );
  }
  return words;
}
