--- The shapes of a spoken text, and what may be wrong with it.

local function shape(name, help)
  return { name = "speech-" .. name, help = help,
    ask = function(seen) seen.shape = name end }
end

-- What becomes of a coded piece.
local DAMAGE = {
  letter = function(text) return text:sub(1, 9) .. "!" .. text:sub(11) end,
  short = function(text) return text:sub(1, -2) end,
}

return {
  shape("json", '{"status", "audio": base64}: the usual one'),
  shape("lines", "the same in several lines; so with stream = true"),
  shape("url", "a URL in the place of the base64"),
  shape("binary", "the sound itself, in pieces that end within samples"),
  shape("qwen", "events of several data lines, base64, in the last a URL"),
  shape("openai", "events speech.audio.delta and speech.audio.done"),
  shape("hex", "hexadecimal digits in data.audio, as MiniMax has it"),
  shape("minimax", "the same as events, the last of which repeats it all"),
  shape("task", "a task in the place of the sound"),
  { name = "speech-open",
    help = "a WAV header with marks in the place of its lengths",
    ask = function(seen) seen.is_open_wav = true end },
  { name = "speech-bad", takes = "word", default = "letter",
    help = "the third piece is damaged: letter, short",
    ask = function(seen, word)
      seen.damage = function(text, n)
        local wanted = n == 3 or seen.shape == nil or seen.shape == "hex"
          or seen.shape == "json"
        return wanted and (DAMAGE[word] or DAMAGE.letter)(text) or text
      end
    end },
  { name = "heard", takes = "text",
    help = "what a transcription says, whatever the sound",
    ask = function(seen, text) seen.heard = text end },
}
