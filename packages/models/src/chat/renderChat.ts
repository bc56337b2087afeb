import { Template } from "@huggingface/jinja";
import { TensorplanError } from "@tensorplan/ir";
import type { GgufMetadata } from "../gguf/ggufValue.ts";
import { MetadataReader } from "../gguf/metadata.ts";

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  /** Whatever else the model's template reads: tool calls, a name, reasoning. */
  readonly [field: string]: unknown;
}

export interface RenderChatOptions {
  /** End with what opens the assistant's turn. */
  readonly addGenerationPrompt?: boolean;
  /** Text of the begin and end tokens, which templates write as `bos_token` and `eos_token`. */
  readonly bos?: string;
  readonly eos?: string;
  /** Tool descriptions, as the template wants them (JSON schema in an OpenAI-style wrapper, for most). */
  readonly tools?: readonly unknown[];
  /** Further variables of this template, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** The chat template that a model file brings along, if it does. */
export const chatTemplate = (metadata: GgufMetadata): string | undefined =>
  new MetadataReader(metadata).optionalString("tokenizer.chat_template");

/**
 * The prompt text of a conversation by a Jinja chat template. Encode it with `special: true`, and without `addBos` where the template
 * writes the begin token itself.
 *
 * @throws TensorplanError `chat/template-syntax`, `chat/template-failed` (also when the template itself refuses, as many do when roles
 * don't alternate)
 */
export function renderChat(
  template: string,
  messages: readonly ChatMessage[],
  options: RenderChatOptions = {},
): string {
  const parsed = parseTemplate(template);
  const variables: Record<string, unknown> = {
    ...options.variables,
    messages,
    add_generation_prompt: options.addGenerationPrompt ?? false,
    bos_token: options.bos ?? "",
    eos_token: options.eos ?? "",
  };
  if (options.tools !== undefined) variables.tools = options.tools;
  try {
    return parsed.render(variables);
  } catch (cause) {
    throw new TensorplanError({
      code: "chat/template-failed",
      message: `the model's chat template refused the conversation: ${reason(cause)}`,
      hint: "check roles and their order, or give the prompt as plain text",
      details: { roles: messages.map((message) => message.role) },
      cause,
    });
  }
}

function parseTemplate(template: string): Template {
  try {
    return new Template(template);
  } catch (cause) {
    throw new TensorplanError({
      code: "chat/template-syntax",
      message: `the model's chat template isn't valid Jinja: ${reason(cause)}`,
      hint: "give another template, or the prompt as plain text",
      cause,
    });
  }
}

const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
