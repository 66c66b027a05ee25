--- Recognises a 2xx answer that is no file: an empty body, a login page, JSON of
-- the platform. The first bytes decide. Unknown bytes are accepted as the file,
-- because it is paid for.
local ascii = require "yuanjing.base.ascii"
local core = require "yuanjing.core"
local envelope = require "yuanjing.protocol.answer.envelope"
local types = require "yuanjing.base.media.types"

local page = {}

local HEAD = 4096
local LONGEST = 65536 -- bytes of a page that are read for its message

-- The beginning of a text without a byte order mark; of UTF-16 its ASCII letters.
local function plain(head)
  if head:find("^\255\254") or head:find("^\254\255") then
    return (head:sub(3):gsub("%z", ""))
  end
  return head:find("^\239\187\191") and head:sub(4) or head
end

local function is_markup(text) return text:find("^[ \t-\r]*<[A-Za-z!?]") ~= nil end

local function is_drawing(text)
  local lower = ascii.lower(text)
  return lower:find("<svg", 1, true) and not lower:find("<html", 1, true)
end

local function is_json(text)
  return text:find('^[ \t-\r]*{[ \t-\r]*["}]') ~= nil
    or text:find('^[ \t-\r]*%[[ \t-\r]*[%[{"%]]') ~= nil
end

-- Whether the header declares a text, and the bytes are one.
local function is_text(text, headers)
  local told = ascii.lower(headers["content-type"] or "")
  return (told:find("^[ \t-\r]*text/") or told:find("json") or told:find("xml"))
    and not text:find("[%z\1-\8\14-\31]") and not core.utf8_error(text:sub(1, 64))
end

local function is_page(head, headers, kind)
  local text = plain(head)
  if kind == "output" then -- an output may itself be a text
    local told = ascii.lower(headers["content-type"] or "")
    return told:find("^[ \t-\r]*text/html") ~= nil and is_markup(text)
  end
  if is_markup(text) then return not is_drawing(text) end
  if is_json(text) then return true end
  return not types.of_bytes(head) and is_text(text, headers)
end

-- NB: the request had no key, so a page about a key means that the link is wrong:
-- the kind is never auth.
local function fields_of(body)
  local _, failure = envelope.read(body)
  local said = type(failure) == "table" and failure or {}
  local kind = said.kind == "platform" and "platform" or "decode"
  return { kind = kind, code = said.code, body = body,
    message = "a text came in place of the file"
      .. (said.message and ": " .. said.message or "") }
end

--- The fields of an error if the bytes are no file, or nil.
---@param file yuanjing.core.File
---@param headers table<string, string> of the answer
---@param kind? yuanjing.FileKind what the file should be
---@return table?
function page.failure(file, headers, kind)
  local head = file:read(0, HEAD)
  if head == "" then
    return { kind = "decode", message = "an empty file came" }
  end
  if not head or not is_page(head, headers, kind) then return nil end
  return fields_of(plain(file:read(0, LONGEST) or head))
end

return page
