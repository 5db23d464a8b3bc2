--[[
scaleapi.times - dates as Scale writes and reads them. A time here is milliseconds since 1970.
--]]

local times = {}

-- Days since 1970 of a date in the Gregorian calendar. Years begin in March here, so that the day of leap years
-- comes last.
local function days(year, month, day)
    local y = month <= 2 and year - 1 or year
    local century_day = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    local era, rest = y // 400, y % 400
    return era * 146097 + rest * 365 + rest // 4 - rest // 100 + century_day - 719468
end

local function is_leap(year)
    return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

local LENGTHS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function is_date(year, month, day)
    if month < 1 or month > 12 or day < 1 then return false end
    return day <= LENGTHS[month] + (month == 2 and is_leap(year) and 1 or 0)
end

-- Minutes east of UTC: "", "Z", "+02:00", "-0700", "+02". A plus sign that was sent unescaped arrives as a space.
local function offset(text)
    if text == "" or text == "Z" or text == "z" then return 0 end
    local sign, hours, minutes = text:match "^([+%- ])(%d%d):?(%d?%d?)$"
    if not sign or #minutes == 1 then return nil end
    local east = tonumber(hours) * 60 + (tonumber(minutes) or 0)
    return sign == "-" and -east or east
end

local function time_of_day(text)
    local hours, minutes, rest = text:match "^[Tt ](%d%d):(%d%d)(.*)$"
    if not hours then return nil end
    local seconds, zone = rest:match "^:(%d%d)(.*)$"
    local fraction, behind = (zone or ""):match "^%.(%d+)(.*)$"
    hours, minutes, seconds = tonumber(hours), tonumber(minutes), tonumber(seconds or 0)
    local east = offset(behind or zone or rest)
    if not east or hours > 23 or minutes > 59 or seconds > 60 then return nil end
    return (hours * 3600 + minutes * 60 + seconds - east * 60) * 1000 + (tonumber("0." .. (fraction or "0")) * 1000)
end

--- Milliseconds since 1970 of a date ("2021-04-25"), a date and time with or without an offset
--- ("2021-04-25T03:14:15.123-07:00", "2021-04-25 03:14:15.123456"); without one it is UTC. A float when there is
--- more than milliseconds. nil if it is none of these.
function times.parse(text)
    local year, month, day, rest = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
    if not year then return nil end
    year, month, day = tonumber(year), tonumber(month), tonumber(day)
    if not is_date(year, month, day) then return nil end
    local within = rest == "" and 0 or time_of_day(rest)
    return within and days(year, month, day) * 86400000 + within
end

local last_second, last_text

--- "2021-06-17T21:46:36.359Z"
function times.format(milliseconds)
    local second = milliseconds // 1000
    if second ~= last_second then
        last_second, last_text = second, os.date("!%Y-%m-%dT%H:%M:%S.", second)
    end
    return ("%s%03dZ"):format(last_text, milliseconds % 1000)
end

return times
