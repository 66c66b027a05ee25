-- small_files.lua HOW FILES SERVER FILE [FOLDER]
-- Many small files, one after the other.
-- HOW: upload (each in the form of a video) | download (each into FOLDER; eight
--      at a time)
local how, files, server, file, folder = arg[1], tonumber(arg[2]), arg[3],
  arg[4], arg[5]
local yuanjing = require "yuanjing"
local client = yuanjing.new { api_key = "sk-test", base_url = server }

local RUN = {}

function RUN.upload()
  for _ = 1, files do
    assert(client:video { model = "happyhorse-1.0-i2v", prompt = "hi",
      first_frame = file })
  end
end

function RUN.download()
  local numbers = {}
  for n = 1, files do numbers[n] = n end
  local _, errors = yuanjing.map(numbers, function(n)
    return client:task(n .. "." .. file):save(folder .. "/" .. n)
  end, { at_once = 8 })
  assert(next(errors) == nil, select(2, next(errors)))
end

RUN[how]()
