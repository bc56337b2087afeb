import { describe, expect, it } from "vitest";
import { chatTemplate, renderChat } from "./renderChat.ts";

const chatml =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

const deepseek =
  "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}" +
  "{{ 'User: ' + message['content'] + '\n\n' }}{% elif message['role'] == 'assistant' %}" +
  "{{ 'Assistant: ' + message['content'] + eos_token }}{% elif message['role'] == 'system' %}" +
  "{{ message['content'] + '\n\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}";

describe("renderChat", () => {
  it("renders a ChatML template and opens the assistant's turn", () => {
    expect(renderChat(chatml, [{ role: "user", content: "Hi" }], { addGenerationPrompt: true })).toBe(
      "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    );
  });

  it("renders DeepSeek V2's template with begin and end tokens", () => {
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "Bye" },
    ];
    expect(renderChat(deepseek, messages, { bos: "<b>", eos: "<e>", addGenerationPrompt: true })).toBe(
      "<b>Be brief.\n\nUser: Hi\n\nAssistant: Hello<e>User: Bye\n\nAssistant:",
    );
  });

  it("passes tools and further variables on", () => {
    const template = "{% for tool in tools %}{{ tool.name }};{% endfor %}{{ mood }}";
    expect(renderChat(template, [], { tools: [{ name: "search" }], variables: { mood: "calm" } })).toBe(
      "search;calm",
    );
    expect(renderChat("{% if tools is defined %}yes{% else %}no{% endif %}", [])).toBe("no");
  });

  it("says where a template isn't Jinja", () => {
    expect(() => renderChat("{% for x in %}", [])).toThrow(
      expect.objectContaining({
        code: "chat/template-syntax",
        message: expect.stringContaining("isn't valid Jinja"),
      }),
    );
  });

  it("passes on what a template says when it refuses", () => {
    const template = "{{ raise_exception('roles must alternate') }}";
    expect(() => renderChat(template, [{ role: "user", content: "" }])).toThrow(
      expect.objectContaining({
        code: "chat/template-failed",
        message: expect.stringContaining("roles must alternate"),
      }),
    );
  });

  it("finds the template in a file's metadata", () => {
    expect(chatTemplate(new Map([["tokenizer.chat_template", { type: "string", value: chatml }]]))).toBe(
      chatml,
    );
    expect(chatTemplate(new Map())).toBeUndefined();
  });
});
