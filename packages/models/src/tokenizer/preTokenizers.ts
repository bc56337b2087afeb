import { TensorplanError } from "@tensorplan/ir";

/** How text is cut before byte pairs are merged, in the terms of a Hugging Face tokenizer.json. */
export interface PreTokenizer {
  readonly normalizer: object | null;
  readonly preTokenizer: object;
  /** Take a piece that is a token as it is, without going through its merges. */
  readonly ignoreMerges: boolean;
  /** Whether models with this one expect `bos` when their file doesn't say. */
  readonly addBos: boolean;
}

/** The pre-tokenizer that `tokenizer.ggml.pre` names. @throws TensorplanError `tokenizer/unknown-pre` */
export function preTokenizerByName(name: string): PreTokenizer {
  const known = byName.get(name);
  if (known !== undefined) return known;
  throw new TensorplanError({
    code: "tokenizer/unknown-pre",
    message: `the file's pre-tokenizer ${JSON.stringify(name)} isn't known`,
    hint: `known are: ${[...byName.keys()].join(", ")}`,
    details: { pre: name },
  });
}

const split = (pattern: string) => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior: "Isolated",
  invert: false,
});

const byteLevel = (useRegex: boolean) => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
});

const sequence = (...steps: readonly object[]) => ({
  type: "Sequence",
  pretokenizers: [...steps, byteLevel(false)],
});

const plain = { normalizer: null, ignoreMerges: false, addBos: false };

const gpt2: PreTokenizer = { ...plain, preTokenizer: byteLevel(true) };

/** The pattern of OpenAI's cl100k and its kin, which differ in how many digits stay together. */
const wordPattern = (digits: string) =>
  [
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
    "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+",
    digits,
    " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*",
    "\\s*[\\r\\n]+",
    "\\s+(?!\\S)",
    "\\s+",
  ].join("|");

const llama3: PreTokenizer = {
  ...plain,
  preTokenizer: sequence(split(wordPattern("\\p{N}{1,3}"))),
  ignoreMerges: true,
  addBos: true,
};

const qwen2: PreTokenizer = {
  ...plain,
  normalizer: { type: "NFC" },
  preTokenizer: sequence(split(wordPattern("\\p{N}"))),
};

/**
 * Letters that have case, as DeepSeek's first tokenizer lists them. Code points are spelt out because several of these characters turn
 * into others when a text tool normalises this file.
 */
const casedLetters = [
  "A-Za-z\\u{B5}\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{1BA}\\u{1BC}-\\u{1BF}\\u{1C4}-\\u{293}\\u{295}-\\u{2AF}",
  "\\u{370}-\\u{373}\\u{376}\\u{377}\\u{37B}-\\u{37D}\\u{37F}\\u{386}\\u{388}-\\u{38A}\\u{38C}\\u{38E}-\\u{3A1}",
  "\\u{3A3}-\\u{3F5}\\u{3F7}-\\u{481}\\u{48A}-\\u{52F}\\u{531}-\\u{556}\\u{10A0}-\\u{10C5}\\u{13A0}-\\u{13F5}",
  "\\u{13F8}-\\u{13FD}\\u{1C90}-\\u{1CBA}\\u{1CBD}-\\u{1CBF}\\u{1D00}-\\u{1D2B}\\u{1D6B}-\\u{1D77}\\u{1D79}-\\u{1D9A}",
  "\\u{1E00}-\\u{1F15}\\u{1F18}-\\u{1F1D}\\u{1F20}-\\u{1F45}\\u{1F48}-\\u{1F4D}\\u{1F50}-\\u{1F57}\\u{1F59}\\u{1F5B}",
  "\\u{1F5D}\\u{1F5F}-\\u{1F7D}\\u{1F80}-\\u{1FB4}\\u{1FB6}-\\u{1FBC}\\u{1FBE}\\u{1FC2}-\\u{1FC4}\\u{1FC6}-\\u{1FCC}",
  "\\u{1FD0}-\\u{1FD3}\\u{1FD6}-\\u{1FDB}\\u{1FE0}-\\u{1FEC}\\u{1FF2}-\\u{1FF4}\\u{1FF6}-\\u{1FFC}\\u{2102}\\u{2107}",
  "\\u{210A}-\\u{2113}\\u{2115}\\u{2119}-\\u{211D}\\u{2124}\\u{2126}\\u{2128}\\u{212A}-\\u{212D}\\u{212F}-\\u{2134}",
  "\\u{2139}\\u{213C}-\\u{213F}\\u{2145}-\\u{2149}\\u{214E}\\u{2183}\\u{2184}\\u{2C00}-\\u{2C7B}\\u{2C7E}-\\u{2CE4}",
  "\\u{2CEB}-\\u{2CEE}\\u{2CF2}\\u{2CF3}\\u{A640}-\\u{A66D}\\u{A680}-\\u{A69B}\\u{A722}-\\u{A76F}\\u{A771}-\\u{A787}",
  "\\u{A78B}-\\u{A78E}\\u{AB70}-\\u{ABBF}\\u{FB00}-\\u{FB06}\\u{FB13}-\\u{FB17}\\u{FF21}-\\u{FF3A}\\u{FF41}-\\u{FF5A}",
  "\\u{10400}-\\u{1044F}\\u{104B0}-\\u{104D3}\\u{104D8}-\\u{104FB}\\u{10C80}-\\u{10CB2}\\u{10CC0}-\\u{10CF2}",
  "\\u{118A0}-\\u{118DF}\\u{1E900}-\\u{1E943}",
].join("");

const cjk = "[\\u{4E00}-\\u{9FA5}\\u{800}-\\u{4E00}\\u{AC00}-\\u{D7FF}]+";
const digits = { type: "Digits", individual_digits: true };

const deepseekLlm: PreTokenizer = {
  ...plain,
  preTokenizer: sequence(
    split("[\r\n]"),
    split(`\\s?[${casedLetters}]+`),
    split("\\s?[!-/:-~\\u{FF01}-\\u{FF0F}\\u{FF1A}-\\u{FF5E}\\u{2018}-\\u{201F}\\u{3000}-\\u{3002}]+"),
    // Published as `\s+$`, which takes quadratic time in a run of spaces; a match can only begin where the run does.
    split("(?<!\\s)\\s+$"),
    split(cjk),
    digits,
  ),
};

const deepseekCoder: PreTokenizer = {
  ...plain,
  preTokenizer: sequence(split("[\r\n]"), split("\\s?\\p{L}+"), split("\\s?\\p{P}+"), split(cjk), digits),
};

const deepseekV3: PreTokenizer = {
  ...plain,
  preTokenizer: sequence(
    split("\\p{N}{1,3}"),
    split("[\\u{4E00}-\\u{9FA5}\\u{3040}-\\u{309F}\\u{30A0}-\\u{30FF}]+"),
    split(
      [
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+",
        "[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+",
        " ?[\\p{P}\\p{S}]+[\r\n]*",
        "\\s*[\r\n]+",
        "\\s+(?!\\S)",
        "\\s+",
      ].join("|"),
    ),
  ),
};

/** By the names that converters write; a file without a name gets GPT-2's. */
const byName: ReadonlyMap<string, PreTokenizer> = new Map([
  ["gpt-2", gpt2],
  ["default", gpt2],
  ["deepseek-llm", deepseekLlm],
  ["deepseek-coder", deepseekCoder],
  ["deepseek-v3", deepseekV3],
  ["llama-bpe", llama3],
  ["llama3", llama3],
  ["llama-v3", llama3],
  ["qwen2", qwen2],
]);
