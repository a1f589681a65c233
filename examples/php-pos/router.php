<?php // For `php -S` only: serves the package from node_modules. At Apache or nginx an alias does it.
declare(strict_types=1);

const PACKAGE = '/kaunter/';
const TYPES = ['js' => 'text/javascript', 'wasm' => 'application/wasm'];

$path = rawurldecode((string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
if (!str_starts_with($path, PACKAGE)) {
    return false; // a file of `public`
}
$folder = (string) realpath(__DIR__ . '/node_modules/kaunter') . DIRECTORY_SEPARATOR;
$file = (string) realpath($folder . substr($path, strlen(PACKAGE)));
$type = TYPES[pathinfo($file, PATHINFO_EXTENSION)] ?? null;
if ($type === null || !str_starts_with($file, $folder)) {
    http_response_code(404);
    exit('Run `npm install --install-links` first.');
}
header("Content-Type: $type");
header('Cache-Control: no-cache'); // a browser must not mix the files of two versions
readfile($file);
