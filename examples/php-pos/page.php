<?php // The frame around every page.
declare(strict_types=1);

function page_begins(string $title, ?array $person = null, ?string $script = null): void
{
    $notice = $_SESSION['notice'] ?? null;
    unset($_SESSION['notice']);
    ?>
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title><?= html($title) ?></title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/style.css">
<?php if ($script !== null) { ?>
  <script type="importmap"><?= IMPORT_MAP ?></script>
  <script type="module" src="<?= html($script) ?>"></script>
<?php } ?>
</head>
<body>
<?php if ($person !== null) { ?>
<header>
  <a href="/">Bills</a>
  <span><?= html($person['name']) ?> at <?= html($person['till']) ?></span>
  <form method="post" action="/sign-out.php"><?= csrf_field() ?><button>Sign out</button></form>
</header>
<?php } ?>
<?php if ($notice !== null) { ?>
<p class="notice" role="status"><?= html($notice) ?></p>
<?php }
}

/** The lines of a bill, and what they come to. */
function bill_table(array $bill): void
{
    ?>
  <table>
    <thead><tr><th scope="col">Item</th><th scope="col">Price</th></tr></thead>
    <tbody>
<?php foreach ($bill['lines'] as $line) { ?>
      <tr><td><?= html($line['name']) ?></td><td><?= money($line['minor']) ?></td></tr>
<?php } ?>
    </tbody>
    <tfoot><tr><th scope="row">Total</th><td><?= money($bill['total']) ?></td></tr></tfoot>
  </table>
<?php
}
