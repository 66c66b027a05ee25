--- Recognises a medium whose end is missing, from its own format: for a file that
-- was sent without a length. An unknown format or an odd file counts as complete:
-- a file that is paid for must not be refused.
local ending = {}

local TAIL = 2 ^ 20 -- bytes at the end of a JPEG that are searched

local function big_endian(text)
  local number = 0
  for byte in text:gmatch(".") do number = number * 256 + byte:byte() end
  return number
end

local function read_at(file, from, count)
  return file:read(from, count) or ""
end

-- PNG has chunks of a length, a name, bytes and a checksum; the last one is IEND.
local function png_is_cut(file, size)
  local from = 8
  while from + 12 <= size do
    local head = read_at(file, from, 8)
    from = from + 12 + big_endian(head:sub(1, 4))
    if head:sub(5) == "IEND" then return false end
  end
  return true
end

-- The size of the box that begins there; nil for one that ends with the file, and
-- for bytes that are no box.
local function box_size(head)
  local size = big_endian(head:sub(1, 4))
  if size == 1 then size = big_endian(head:sub(9, 16)) end
  return size >= 8 and head:find("^....[0-9A-Za-z][0-9A-Za-z ]+") and size
    or nil
end

-- MP4 has boxes, each with its size. A film needs its box "moov" and a picture its
-- box "meta"; they may come last.
local function mp4_is_cut(file, size)
  local from, has_index = 0, false
  while from < size do
    local head = read_at(file, from, 16)
    if #head < (head:find("^%z%z%z\1") and 16 or 8) then return true end
    local length, name = box_size(head), head:sub(5, 8)
    has_index = has_index or name == "moov" or name == "meta"
    if not length then return false end
    from = from + length
  end
  return from > size or not has_index
end

-- RIFF has one chunk with its length, lowest byte first. A sender of live media
-- leaves 0 or the largest number there.
local function riff_is_cut(file, size)
  local length = big_endian(read_at(file, 4, 4):reverse())
  return length > 0 and length < 2 ^ 32 - 1 and length + 8 > size
end

-- The marker of a JPEG's end does not occur in the coded data.
local function jpeg_is_cut(file, size)
  local tail = read_at(file, math.max(0, size - TAIL), TAIL)
  return not tail:find("\255\217", 1, true)
end

local FORMATS = {
  { "^\137PNG\r\n\26\n", png_is_cut }, { "^....ftyp", mp4_is_cut },
  { "^RIFF", riff_is_cut }, { "^\255\216\255", jpeg_is_cut },
}

--- Whether the file is only the beginning of a picture, a film or a sound.
---@param file yuanjing.core.File
---@return boolean
function ending.is_missing(file)
  local size, head = file:size() or 0, read_at(file, 0, 16)
  for _, format in ipairs(FORMATS) do
    if head:find(format[1]) and format[2](file, size) then return true end
  end
  return false
end

return ending
