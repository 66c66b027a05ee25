-- Whole turns are dropped, and nothing else.
local turns = require "yuanjing.chat.conversation.turns"

-- "sq|ctra|..." as messages: the first letter of their roles, in short.
local ROLES = { s = "system", u = "user", a = "assistant", t = "tool" }

local function read(text)
  local messages = {}
  for letter in text:gmatch "%a" do
    messages[#messages + 1] = { role = ROLES[letter], n = #messages + 1 }
  end
  return messages
end

local function shown(messages)
  local letters = {}
  for n, item in ipairs(messages) do letters[n] = item.role:sub(1, 1) end
  return table.concat(letters)
end

describe("trimming", function()
  for _, row in ipairs {
    { "s ua ua ua", 2, "suaua", "ua" }, { "s uata ua ua", 1, "sua", "uataua" },
    { "ua ua", 5, "uaua", "" }, { "ua uua", 1, "uua", "ua" },
    { "s ua u", 1, "su", "ua" }, { "ua ua", 0, "ua", "ua" },
    { "s ua s ua", 1, "ssua", "ua" }, { "s", 1, "s", "" }, { "", 1, "", "" },
    { "sa ua ua", 1, "saua", "ua" }, { "uatat uata", 1, "uata", "uatat" },
  } do
    it(("%s to %d"):format(row[1], row[2]), function()
      local messages = read(row[1])
      local dropped = turns.trim(messages, row[2])
      assert.same({ row[3], row[4] }, { shown(messages), shown(dropped) })
      for n = 2, #messages do
        assert.is_true(messages[n].n > messages[n - 1].n)
      end
    end)
  end
end)
