--- Bodies that hold no JSON document: pages, XML, bare texts, and what broke off.
local ascii = require "yuanjing.base.ascii"
local json = require "yuanjing.base.json"
local texts = require "yuanjing.protocol.answer.failure.text"

local page = {}

local trim = ascii.trim

local ENTITIES = {
  amp = "&", lt = "<", gt = ">", quot = '"', nbsp = " ", ["#39"] = "'",
}

local function element(html, lower, name)
  local _, open = lower:find("<" .. name .. "%f[^0-9A-Za-z][^>]*>")
  local close = open and lower:find("</" .. name, open, true)
  if not close then return nil end
  local text = html:sub(open + 1, close - 1):gsub("<[^>]*>", " ")
  text = trim(text:gsub("&(#?[0-9A-Za-z]+);", ENTITIES):gsub("[ \t-\r]+", " "))
  return text ~= "" and text or nil
end

--- Whether a body is HTML or XML.
---@param body string
---@return boolean
function page.is_markup(body)
  return body:find("^[ \t-\r]*<[A-Za-z!?]") ~= nil
end

--- The text of a proxy's page, or of an object store's error in XML.
---@param body string
---@return string?
function page.markup_text(body)
  local lower = ascii.lower(body)
  return element(body, lower, "title") or element(body, lower, "h1")
    or element(body, lower, "message")
end

--- A body without JSON objects. If it is one JSON string, the quotes are removed.
---@param body string
---@return string
function page.plain_text(body)
  local value = json.decode(body)
  return trim(type(value) == "string" and value or body)
end

local function unreadable(kind, message, body)
  return { kind = kind, message = message, body = body }
end

-- Whether markup is XML and not a page: it declares itself, or has the element
-- <message> of an object store's error.
local function is_xml(body)
  local lower = ascii.lower(body)
  return not lower:find("<html", 1, true) and not lower:find("<!doctype", 1, true)
    and (lower:find("^[ \t-\r]*<%?xml") or lower:find("<message>", 1, true)) ~= nil
end

local function markup_failure(body)
  local text, is_of_xml = page.markup_text(body), is_xml(body)
  local message = ("the answer is %s%s"):format(is_of_xml and "XML" or "HTML",
    text and ": " .. text or "")
  local failure = unreadable("decode", message, body)
  failure.code = is_of_xml and element(body, ascii.lower(body), "code") or nil
  return failure
end

local function text_failure(body, problem, verdict)
  local text = page.plain_text(body)
  if texts.reads_like_error(text) then
    return unreadable("platform", text, body)
  end
  if verdict == "incomplete" and text:find("^[%[{]") then
    return unreadable("truncated", "the answer's JSON breaks off", body)
  end
  if text:find("^[%[{]") then
    return unreadable("decode", "the answer is broken JSON: " .. problem, body)
  end
  return unreadable("decode", "the answer is no JSON: " .. text, body)
end

--- The failure for a body without a document, of which the decoder said that.
---@param body string
---@param problem string
---@param verdict string
---@return yuanjing.Failure
function page.failure(body, problem, verdict)
  if not body:find("[^ \t-\r]") then
    return unreadable("decode", "the answer is empty", body)
  end
  if page.is_markup(body) then return markup_failure(body) end
  return text_failure(body, problem, verdict)
end

return page
