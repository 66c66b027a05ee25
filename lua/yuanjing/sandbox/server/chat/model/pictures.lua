--- What to say of the pictures that came along: the kind, the size, the colour.
local picture = require "yuanjing.sandbox.server.chat.picture"
local text = require "yuanjing.sandbox.server.chat.text"

local pictures = {}

local WORDS = {
  zh = { one = "这是一张 %s 图片，%d×%d 像素%s。", many = "第 %d 张是 %s 图片，%d×%d 像素%s。",
    colour = "，主要是%s", unknown = "图片里的字节我认不出来。",
    far = "这张图片在 %s，我不联网，看不到它。", join = "" },
  en = { one = "This is a %s picture of %d×%d pixels%s.",
    many = "Picture %d is a %s of %d×%d pixels%s.", colour = ", mostly %s",
    unknown = "I can not make out the bytes of this picture.",
    far = "The picture is at %s; I am offline and can not see it.", join = " " },
}

-- The pictures of the newest message that has some: only the last message, unless
-- the user speaks of a picture.
local SPEAKS_OF_IT = { "图", "照片", "画面", "picture", "image", "photo" }

local function speaks_of_it(prompt)
  for _, word in ipairs(SPEAKS_OF_IT) do
    if prompt:lower():find(word, 1, true) then return true end
  end
  return false
end

local function in_talk(asked)
  for n = #asked.messages, 1, -1 do
    local message = asked.messages[n]
    if message.role == "user" then
      if #message.pictures > 0 then return message.pictures end
      if not speaks_of_it(asked.prompt) then return {} end
    end
  end
  return {}
end

local function all(asked)
  local list = {}
  for _, sight in ipairs(asked.pictures) do list[#list + 1] = sight end
  for _, url in ipairs(in_talk(asked)) do list[#list + 1] = { url = url } end
  return list
end

-- nil: it is elsewhere.
local function bytes_of(sight)
  if sight.bytes then return sight.bytes end
  local encoded = sight.url:match("^data:[^,]*;base64,(.*)$")
  if not encoded then return nil end
  return ngx.decode_base64(encoded) or ""
end

local function describe(sight, n, count, language)
  local words, bytes = WORDS[language], bytes_of(sight)
  if not bytes then return words.far:format(sight.url) end
  local seen = picture.look(bytes)
  if not seen then return words.unknown end
  local colour = seen.colour and words.colour:format(seen.colour[language]) or ""
  if count == 1 then
    return words.one:format(seen.kind, seen.width, seen.height, colour)
  end
  return words.many:format(n, seen.kind, seen.width, seen.height, colour)
end

--- A sentence for each picture | nil: there are none.
---@param asked yuanjing.sandbox.Asked
---@return string?
function pictures.answer(asked)
  local list, out = all(asked), {}
  if #list == 0 then return nil end
  local language = text.language(asked.prompt, asked.system)
  for n, sight in ipairs(list) do
    out[n] = describe(sight, n, #list, language)
  end
  return table.concat(out, WORDS[language].join)
end

return pictures
