--- Whether a medium's bytes break off, by what its own format says of its end:
-- for a file that came without a length. A format that says nothing, or a file
-- that is odd, is taken for whole: what is paid for must not be refused.
local ending = {}

local TAIL = 2 ^ 20 -- bytes behind a JPEG's end that are looked at

local function big_endian(text)
  local number = 0
  for byte in text:gmatch(".") do number = number * 256 + byte:byte() end
  return number
end

local function read_at(file, from, count)
  return file:read(from, count) or ""
end

-- Chunks of a length, a name, the bytes, a sum; IEND is the last one.
local function png_is_cut(file, size)
  local from = 8
  while from + 12 <= size do
    local head = read_at(file, from, 8)
    from = from + 12 + big_endian(head:sub(1, 4))
    if head:sub(5) == "IEND" then return false end
  end
  return true
end

-- The size of the box that begins there; nil: it goes on to the end, or is none.
local function box_size(head)
  local size = big_endian(head:sub(1, 4))
  if size == 1 then size = big_endian(head:sub(9, 16)) end
  return size >= 8 and head:find("^....[0-9A-Za-z][0-9A-Za-z ]+") and size
    or nil
end

-- Boxes, each with its size; a film is nothing without its moov, nor a picture
-- without its meta, which may be the last one.
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

-- One chunk with its length, the lowest byte first; a live sender leaves it.
local function riff_is_cut(file, size)
  local length = big_endian(read_at(file, 4, 4):reverse())
  return length > 0 and length < 2 ^ 32 - 1 and length + 8 > size
end

-- The mark of its end is nowhere else in what is coded.
local function jpeg_is_cut(file, size)
  local tail = read_at(file, math.max(0, size - TAIL), TAIL)
  return not tail:find("\255\217", 1, true)
end

local FORMATS = {
  { "^\137PNG\r\n\26\n", png_is_cut }, { "^....ftyp", mp4_is_cut },
  { "^RIFF", riff_is_cut }, { "^\255\216\255", jpeg_is_cut },
}

--- Whether the file is the beginning of a picture, a film or a sound, and no
--- more.
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
