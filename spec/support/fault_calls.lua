-- The kinds of call that each fault of support.faults is tried on, as data:
--   name     as in docs/faults.md
--   paid     it costs money, so it may arrive once at most
--   pieces   the body of a good answer, cut where a sender would flush
--   etag     of a file, which can go on where it broke off
--   run      makes the call; what it brings, or nil and an error. It is given the
--            client and a place: a folder, a picture's path, and the task whose
--            file it is
--   read     what to know a good answer by, of what run brought: `fine`
--   kept     what an error keeps of half an answer; it begins with `half`
local support = require "support"

-- A box of an MP4.
local function box(name, bytes)
  local size = #bytes + 8
  return "\0\0" .. string.char(math.floor(size / 256), size % 256) .. name
    .. bytes
end

local FILM = box("ftyp", "isom") .. box("mdat", ("0123456789abcdef"):rep(1500))
  .. box("moov", "")

local function id_of(handle) return handle.id end

local function content_of(reply) return reply.content end

local function body_of(err) return err.body end

local function id_in(err) return err.task and err.task.id end

return {
  {
    name = "chat",
    paid = true,
    pieces = { '{"choices":[{"message":', '{"content":"so far"}}],',
      '"usage":{"total_tokens":2}}' },
    run = function(client) return client:chat { prompt = "x" } end,
    read = content_of,
    fine = "so far",
    kept = body_of,
    half = '{"choices":[{"message":',
  },
  {
    name = "stream",
    paid = true,
    is_stream = true,
    pieces = { 'data: {"content":"so "}\n\n', 'data: {"content":"far"}\n\n',
      "data: [DONE]\n\n" },
    run = function(client)
      local stream, err = client:chat { prompt = "x", stream = true }
      if not stream then return nil, err end
      return stream:finish()
    end,
    read = content_of,
    fine = "so far",
    kept = function(err) return err.partial end,
    half = "so ",
  },
  {
    name = "image",
    paid = true,
    pieces = { '{"taskid":"77","sta', 'tus":"CREATED",', '"usage":null}' },
    run = function(client)
      return client:image { model = "wan2.2-t2i-plus", prompt = "x" }
    end,
    read = id_of,
    fine = "77",
    kept = id_in,
    half = "77",
  },
  {
    name = "video",
    paid = true,
    pieces = { '{"taskid":"77","sta', 'tus":"CREATED",', '"usage":null}' },
    run = function(client, place)
      return client:video { model = "happyhorse-1.0-i2v", prompt = "x",
        first_frame = place.picture }
    end,
    read = id_of,
    fine = "77",
    kept = id_in,
    half = "77",
  },
  {
    name = "upload",
    paid = true,
    pieces = { '{"status":"ok","data":{"id":"77",',
      '"vendor_asset_id":"v","status":', '"Processing"}}' },
    run = function(client, place)
      return client.assets:upload { vendor_group_id = "g",
        file = place.picture }
    end,
    read = id_of,
    fine = "77",
    kept = function(err) return err.asset and err.asset.id end,
    half = "77",
  },
  {
    name = "status",
    pieces = { '{"taskid":"77","status":', '"RUNNING",', '"usage":null}' },
    run = function(client) return client:task("77"):refresh() end,
    read = function(task) return task.status end,
    fine = "RUNNING",
  },
  {
    name = "download",
    is_file = true,
    etag = '"film-1"',
    pieces = { FILM:sub(1, 9000), FILM:sub(9001, 20000), FILM:sub(20001) },
    run = function(_, place)
      return place.task:save(place.folder .. "/film.mp4", { timeout = 30 })
    end,
    read = support.read,
    fine = FILM,
  },
}
