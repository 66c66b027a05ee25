--- The type of a medium: from its first bytes, else from its name's extension.
-- The platform guesses the type from the extension
-- (docs/platform.md#what-goes-out), so a wrong extension is replaced.
local ascii = require "yuanjing.base.ascii"

local types = {}

--- How many bytes of a file match() needs.
types.HEAD = 64

local BY_EXTENSION = {
  jpg = "image/jpeg", jpeg = "image/jpeg", jpe = "image/jpeg",
  jfif = "image/jpeg", png = "image/png", webp = "image/webp",
  gif = "image/gif", bmp = "image/bmp", tif = "image/tiff",
  tiff = "image/tiff", heic = "image/heic", heif = "image/heif",
  avif = "image/avif", svg = "image/svg+xml",
  mp4 = "video/mp4", m4v = "video/x-m4v", mov = "video/quicktime",
  webm = "video/webm", mkv = "video/x-matroska", avi = "video/x-msvideo",
  mpg = "video/mpeg", mpeg = "video/mpeg", ["3gp"] = "video/3gpp",
  ["3g2"] = "video/3gpp2", flv = "video/x-flv", wmv = "video/x-ms-wmv",
  ogv = "video/ogg", ts = "video/mp2t",
  mp3 = "audio/mpeg", wav = "audio/wav", m4a = "audio/mp4",
  ogg = "audio/ogg", oga = "audio/ogg", opus = "audio/ogg",
  flac = "audio/flac", aac = "audio/aac", wma = "audio/x-ms-wma",
  amr = "audio/amr", mka = "audio/x-matroska",
}

-- Other names for types of the table above.
local ALIASES = {
  ["image/jpg"] = "image/jpeg", ["image/pjpeg"] = "image/jpeg",
  ["image/x-jpeg"] = "image/jpeg", ["image/x-png"] = "image/png",
  ["image/x-ms-bmp"] = "image/bmp", ["image/x-bmp"] = "image/bmp",
  ["image/x-tiff"] = "image/tiff", ["image/svg"] = "image/svg+xml",
  ["video/x-mp4"] = "video/mp4", ["video/m4v"] = "video/x-m4v",
  ["video/mov"] = "video/quicktime", ["video/x-quicktime"] = "video/quicktime",
  ["video/avi"] = "video/x-msvideo", ["video/msvideo"] = "video/x-msvideo",
  ["video/mkv"] = "video/x-matroska", ["video/mpg"] = "video/mpeg",
  ["audio/mp3"] = "audio/mpeg", ["audio/mpg"] = "audio/mpeg",
  ["audio/x-mp3"] = "audio/mpeg", ["audio/x-mpeg"] = "audio/mpeg",
  ["audio/wave"] = "audio/wav", ["audio/x-wav"] = "audio/wav",
  ["audio/vnd.wave"] = "audio/wav", ["audio/x-pn-wav"] = "audio/wav",
  ["audio/m4a"] = "audio/mp4", ["audio/x-m4a"] = "audio/mp4",
  ["audio/x-aac"] = "audio/aac", ["audio/aacp"] = "audio/aac",
  ["audio/x-flac"] = "audio/flac", ["audio/x-ogg"] = "audio/ogg",
  ["audio/opus"] = "audio/ogg", ["application/ogg"] = "audio/ogg",
}

-- Types that carry no information.
local BLANK = { ["application/octet-stream"] = true,
  ["binary/octet-stream"] = true, ["application/binary"] = true,
  ["application/x-binary"] = true, ["application/unknown"] = true,
  ["application/force-download"] = true }

-- The extension for a bare name, where a type has several.
local PREFERRED = { ["image/jpeg"] = "jpg", ["image/tiff"] = "tif",
  ["video/mpeg"] = "mpg", ["audio/ogg"] = "ogg" }

local function extension_of_type(mime)
  if PREFERRED[mime] then return PREFERRED[mime] end
  for extension, other in pairs(BY_EXTENSION) do
    if other == mime then return extension end
  end
end

-- Signatures of the first bytes, and the extensions that fit them. The first
-- extension is for a name that has none of them. Some containers hold several
-- kinds of media; then the extension decides.
local MP4 = "mp4 m4v mov m4a 3gp 3g2"
local SIGNATURES = {
  { "^\255\216\255", "jpg jpeg jpe jfif" },
  { "^\137PNG\r\n\26\n", "png" },
  { "^GIF8[79]a", "gif" },
  { "^RIFF....WEBP", "webp" },
  { "^BM....%z%z%z%z", "bmp" },
  { "^II%*%z", "tif tiff" },
  { "^MM%z%*", "tif tiff" },
  { "^....ftypqt  ", "mov " .. MP4 },
  { "^....ftypM4[ABP] ", "m4a " .. MP4 },
  { "^....ftyp", MP4 },
  { "^....moov", "mov " .. MP4 },
  { "^\26\69\223\163.*webm", "webm mkv mka" },
  { "^\26\69\223\163", "mkv webm mka" },
  { "^RIFF....AVI ", "avi" },
  { "^%z%z\1[\179\186]", "mpg mpeg" },
  { "^FLV\1", "flv" },
  { "^\48\38\178\117", "wmv wma" },
  { "^RIFF....WAVE", "wav" },
  { "^ID3", "mp3 aac flac" },
  { "^\255[\250\251\242\243\226\227]", "mp3" },
  { "^\255[\240\241\248\249]", "aac" },
  { "^OggS", "ogg oga ogv opus" },
  { "^fLaC", "flac" },
  { "^#!AMR", "amr" },
}

local function extension_of(name)
  local extension = name:match("[^.]%.([0-9A-Za-z]+)$")
  return extension and ascii.lower(extension)
end

-- Pictures in the container of MP4 (ISO/IEC 23008-12, AV1 Image File Format), by
-- the brands that its first box names.
local PICTURE_BRANDS = {
  heic = "heic heif", heix = "heic heif", heim = "heic heif",
  heis = "heic heif", hevc = "heic heif", hevx = "heic heif",
  hevm = "heic heif", hevs = "heic heif", MiHE = "heic heif",
  MiHB = "heic heif", MiHA = "heic heif", avif = "avif", avis = "avif",
  avio = "avif", MA1A = "avif", MA1B = "avif", MiAB = "avif",
  avci = "heif", avcs = "heif", jpeg = "heif", jpgs = "heif",
}

-- Brands of the container only: another brand shows the content.
local PICTURE_CONTAINERS = { mif1 = true, mif2 = true, msf1 = true,
  miaf = true, ["1pic"] = true }

local function picture_of(head)
  local major = head:match("^....ftyp(....)")
  if not PICTURE_CONTAINERS[major or ""] then return PICTURE_BRANDS[major] end
  local size = head:byte(3) * 256 + head:byte(4) -- of the box
  for brand in head:sub(17, size):gmatch("....") do
    if PICTURE_BRANDS[brand] then return PICTURE_BRANDS[brand] end
  end
  return "heif heic avif"
end

-- The extensions that the bytes allow, or nil for unknown bytes.
local function extensions_of(head)
  local picture = picture_of(head)
  if picture then return picture end
  for _, signature in ipairs(SIGNATURES) do
    if head:find(signature[1]) then return signature[2] end
  end
end

local function has_word(words, word)
  return (" " .. words .. " "):find(" " .. word .. " ", 1, true) ~= nil
end

-- Replaces a known extension; keeps anything else behind a dot.
local function with_extension(name, extension)
  if BY_EXTENSION[extension_of(name) or ""] then
    name = name:gsub("%.[0-9A-Za-z]+$", "")
  end
  return name .. "." .. extension
end

--- The type for a name's extension.
---@param name string
---@return string?
function types.of_name(name)
  return BY_EXTENSION[extension_of(name) or ""]
end

-- The longest file name of common file systems, in bytes.
local LONGEST = 255

-- Cuts between two characters; keeps the extension.
local function shortened(name)
  if #name <= LONGEST then return name end
  local extension = name:match("[^.](%.[0-9A-Za-z]+)$") or ""
  local stop = LONGEST - #extension
  while stop > 0 and name:find("^[\128-\191]", stop + 1) do stop = stop - 1 end
  return name:sub(1, stop) .. extension
end

-- A type as named in the table above, or nil if it carries no information.
local function plain_type(declared)
  local mime = declared and ascii.lower(declared)
  mime = ALIASES[mime or ""] or mime
  return not BLANK[mime or ""] and mime or nil
end

-- Unknown bytes: the declared type counts.
local function match_unknown(name, declared)
  local extension = extension_of(name)
  local wanted = declared and extension_of_type(declared)
  if wanted and not extension then name = name .. "." .. wanted end
  return name, declared or BY_EXTENSION[extension or ""]
    or "application/octet-stream"
end

-- Known bytes allow a few extensions: the name's if it is one of them, else
-- the declared type's, else the first.
local function match_known(name, declared, allowed)
  local extension, wanted = extension_of(name), declared and extension_of_type(declared)
  local fits = wanted and has_word(allowed, wanted)
  if not (extension and has_word(allowed, extension)) then
    extension = fits and wanted or allowed:match("[0-9a-z]+")
    name = with_extension(name, extension)
  end
  return name, fits and declared or BY_EXTENSION[extension]
end

--- The name and type to send. The bytes decide first, then the declared type,
--- then the extension.
---@param name string
---@param head string the file's first bytes
---@param declared? string the type that the user declared
---@return string name
---@return string type
function types.match(name, head, declared)
  local allowed = extensions_of(head)
  declared = plain_type(declared)
  local mime
  if allowed then
    name, mime = match_known(name, declared, allowed)
  else
    name, mime = match_unknown(name, declared)
  end
  return shortened(name), mime
end

--- The type shown by the first bytes, or nil for an unknown format.
---@param head string
---@return string?
function types.of_bytes(head)
  local allowed = extensions_of(head)
  return allowed and BY_EXTENSION[allowed:match("[0-9a-z]+")]
end

return types
